"""Where a command keeps the session of who signed in (product 7.4, 7.7): one file for each admin listener, in
the user's own folder of settings, which nobody else may read."""

import os
from pathlib import Path
from urllib.parse import urlsplit

from gateway.cli.private_files import new_file

HTTPS = 443


def file_of(server: str) -> Path:
    """The file for an admin listener, by its host and port; it need not be there."""
    parts = urlsplit(server)
    settings = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    name = f"{(parts.hostname or 'nowhere').replace(':', '-')}_{parts.port or HTTPS}"
    return Path(settings) / "usher" / "sessions" / name


def keep(server: str, secret: str) -> Path:
    """Write a session in place of one that was; OSError as it comes."""
    path = file_of(server)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with new_file(path) as file:
        file.write(secret.encode("ascii") + b"\n")
    return path


def forget(server: str) -> bool:
    """Remove it; returns whether there was one."""
    path = file_of(server)
    known = path.exists()
    path.unlink(missing_ok=True)
    return known

"""Secrets that are drawn at the first start, each kept in a file that only its owner reads: the bootstrap
token of the admin listener, and keys that the gateway alone needs.

Whoever may read the token's file is the administrator of the machine.
"""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

TOKEN_BYTES = 32
"""256 bits: not to be guessed, so no lock-out is needed for it."""


def _token() -> str:
    return secrets.token_urlsafe(TOKEN_BYTES) + "\n"


def ensure_token(path: Path, draw: Callable[[], str] = _token) -> None:
    """Make a secret's file where it is missing; one that exists is left as it is.

    Args:
        draw: makes what is in it; a token where nothing else is said.

    Raises:
        OSError: the directory cannot be made or written.
    """
    path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(draw())

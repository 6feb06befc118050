"""The bootstrap token of the admin listener: drawn at the first start, kept in a file only its owner reads.

Until administrators sign in as persons (product 7.7), who may read this file is the administrator.
"""

import os
import secrets
from pathlib import Path

TOKEN_BYTES = 32
"""256 bits: not to be guessed, so no lock-out is needed for it."""


def ensure_token(path: Path) -> None:
    """Make the token file where it is missing; one that exists is left as it is.

    Raises:
        OSError: the directory cannot be made or written.
    """
    path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(TOKEN_BYTES) + "\n")

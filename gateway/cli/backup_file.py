"""The file on the disk that a backup becomes (product 9.3): there when it is whole, and never before.

It has password hashes, policy keys and perhaps every key of the gateway in it, so nobody but its owner may
read it, from its first octet on.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from gateway.errors import GatewayError, Kind

SUFFIX = ".part"


@contextmanager
def becoming(path: Path, *, overwrite: bool) -> Iterator[BinaryIO]:
    """A file that is at ``path`` once the block has ended well, and on the disk by then.

    What a kill leaves behind is a hidden ``.part`` file beside it, which nobody takes for a backup.

    Raises:
        GatewayError: CONFLICT when there is something at ``path`` and it may not be overwritten.
        OSError: as it comes.
    """
    if not overwrite and path.exists():
        raise GatewayError(Kind.CONFLICT, f"{path} is there already; --overwrite replaces it.")
    number, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=SUFFIX, dir=path.parent)
    unfinished = Path(name)
    try:
        with os.fdopen(number, "w+b") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        _settle(unfinished, path, overwrite=overwrite)
    except BaseException:  # an interrupt as well leaves nothing half done
        unfinished.unlink(missing_ok=True)
        raise
    _sync(path.parent)


def _settle(unfinished: Path, path: Path, *, overwrite: bool) -> None:
    if overwrite:
        unfinished.replace(path)
        return
    try:
        os.link(unfinished, path)  # unlike a rename it leaves alone what has come there meanwhile
    except FileExistsError:
        raise GatewayError(Kind.CONFLICT, f"{path} is there already.") from None
    unfinished.unlink()


def _sync(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with suppress(OSError):  # a file system that cannot, has done it or never will
            os.fsync(number)
    finally:
        os.close(number)


def put_secret(path: Path, data: bytes) -> None:
    """Write a key where the gateway looks for it, whole or not at all, readable by its owner alone."""
    with becoming(path, overwrite=True) as stream:
        stream.write(data)


def digest_of(path: Path) -> str:
    """SHA-256 of the file in hex: what to write down elsewhere."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()

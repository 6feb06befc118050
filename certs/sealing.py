"""Sealing what must be kept and read back: recovery passwords of devices (spec/eas-protocol.md 4.5; T28).

AES-256-GCM with a nonce drawn for each seal. What is sealed is bound to a context, so that a row put in
another one's place opens nowhere. The key is derived from a secret that stands beside the database and never
in it: who has read the database alone has read nothing.
"""

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MINIMUM_SECRET = 32
"""Octets of a secret: what can be guessed is refused."""

_NONCE = 12
_VERSION = b"\x01"
_PURPOSE = b"usher sealing 1"


class SealBroken(Exception):
    """The secret is another one, or what was sealed was changed or moved."""


class Sealer:
    """Seals and opens with one secret."""

    def __init__(self, secret: bytes) -> None:
        """Raises ValueError for a secret that is too short to be one."""
        if len(secret) < MINIMUM_SECRET:
            raise ValueError(f"the sealing secret has fewer than {MINIMUM_SECRET} octets")
        key = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(secret)
        self._cipher = AESGCM(key)

    def seal(self, plain: str, context: str) -> bytes:
        """Encrypt ``plain`` for ``context``: version, nonce, ciphertext with its tag."""
        nonce = secrets.token_bytes(_NONCE)
        return _VERSION + nonce + self._cipher.encrypt(nonce, plain.encode(), context.encode())

    def open(self, sealed: bytes, context: str) -> str:
        """What was sealed for ``context``; raises SealBroken."""
        nonce, rest = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
        if sealed[:1] != _VERSION or len(nonce) < _NONCE:
            raise SealBroken
        try:
            return self._cipher.decrypt(nonce, rest, context.encode()).decode()
        except InvalidTag:
            raise SealBroken from None

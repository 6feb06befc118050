"""Signing what the gateway vouches for: checkpoints and archives of the audit trail (product 8, T26).

Ed25519: a signature needs no chance, so none can be drawn badly. The key stands beside the database and never
in it; whoever has the database alone can forge nothing. A signature names its key, so that a key can be
replaced: the public half of the former one is then handed over as trusted.
"""

import base64
import binascii
import hashlib
import re

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from certs.errors import CertificateError

_NAME_DIGITS = 16
_PUBLIC = re.compile(rb"-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----", re.DOTALL)


class Trusted:
    """Public keys, each by its name: what a signature is held against."""

    def __init__(self, pem: bytes) -> None:
        """Raises CertificateError for PEM without a public key of Ed25519, or with one of another kind."""
        keys = [_public(each) for each in _PUBLIC.findall(pem)]
        if not keys:
            raise CertificateError("no public key in PEM")
        self._keys = {name_of(key): key for key in keys}

    def verify(self, name: str, message: bytes, signature: str) -> bool:
        """Whether the key of that name is trusted and signed ``message``."""
        key = self._keys.get(name)
        try:
            if key is None:
                return False
            key.verify(base64.b64decode(signature, validate=True), message)
        except (InvalidSignature, binascii.Error, ValueError):
            return False
        return True


class Signer(Trusted):
    """Signs with one private key; trusts it, and further public ones."""

    def __init__(self, pem: bytes, others: bytes = b"") -> None:
        """Raises CertificateError for what is no readable private key of Ed25519, or no public ones."""
        self._key = _private(pem)
        self.public = self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self.name = name_of(self._key.public_key())
        super().__init__(self.public + others)

    def sign(self, message: bytes) -> str:
        """The signature in base64."""
        return base64.b64encode(self._key.sign(message)).decode("ascii")


def new_signing_key() -> bytes:
    """Draw a private key: PKCS #8 in PEM, not encrypted: the file's permissions protect it."""
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def name_of(key: Ed25519PublicKey) -> str:
    """By what a signature names its key: enough digits to tell keys apart, which trust does not rest on."""
    raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return f"ed25519:{hashlib.sha256(raw).hexdigest()[:_NAME_DIGITS]}"


def _private(pem: bytes) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise CertificateError("no readable, unencrypted private key") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise CertificateError("no Ed25519 key")
    return key


def _public(pem: bytes) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise CertificateError("no readable public key") from error
    if not isinstance(key, Ed25519PublicKey):
        raise CertificateError("no Ed25519 key")
    return key

"""Private keys: drawn, written, read, judged (product 9.1).

P-256 is the default: every phone since Android 4 and iOS 7 speaks it, and a handshake costs the server a
fraction of RSA's. RSA is there for whoever has an older client.
"""

from enum import Enum

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from certs.errors import CertificateError

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey

RSA_BITS = 3072
MINIMUM_RSA_BITS = 2048
MINIMUM_EC_BITS = 256


class KeyKind(Enum):
    """What kind of key to draw."""

    EC = "ec"
    RSA = "rsa"


def new_key(kind: KeyKind = KeyKind.EC) -> PrivateKey:
    """Draw a key: P-256, or RSA of 3072 bits."""
    if kind is KeyKind.EC:
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)


def to_pem(key: PrivateKey) -> bytes:
    """PKCS #8, not encrypted: the file's permissions protect it."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def from_pem(pem: bytes) -> PrivateKey:
    """Read a key.

    Raises:
        CertificateError: no key, an encrypted one, or a kind that TLS clients do not speak.
    """
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise CertificateError("no readable, unencrypted private key") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise CertificateError("neither an EC nor an RSA key")
    return key


def server_public(key: PublicKeyTypes) -> PublicKey:
    """The same key, when it is of a kind that a server certificate can carry here.

    Raises:
        CertificateError: it is of another kind.
    """
    if not isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
        raise CertificateError("neither an EC nor an RSA key")
    return key


def weakness(key: PublicKeyTypes) -> str | None:
    """Why clients refuse this key, None when it is strong enough."""
    match key:
        case rsa.RSAPublicKey() if key.key_size < MINIMUM_RSA_BITS:
            return f"RSA key of {key.key_size} bits, at least {MINIMUM_RSA_BITS} are needed"
        case ec.EllipticCurvePublicKey() if key.key_size < MINIMUM_EC_BITS:
            return f"EC key of {key.key_size} bits, at least {MINIMUM_EC_BITS} are needed"
        case rsa.RSAPublicKey() | ec.EllipticCurvePublicKey():
            return None
        case ed25519.Ed25519PublicKey() | ed448.Ed448PublicKey():
            return "an Edwards curve key, which phones do not accept from a server"
        case _:
            return "a kind of key that TLS clients do not accept"


def describe(key: PublicKeyTypes) -> str:
    """Kind and size for people."""
    match key:
        case rsa.RSAPublicKey():
            return f"RSA {key.key_size} bits"
        case ec.EllipticCurvePublicKey():
            return f"EC {key.curve.name}"
        case _:
            return type(key).__name__

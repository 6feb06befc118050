"""Private keys."""

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from certs.errors import CertificateError
from certs.keys import RSA_BITS, KeyKind, describe, from_pem, new_key, server_public, to_pem, weakness


def test_the_default_is_p256_and_rsa_is_there_for_who_asks() -> None:
    assert describe(new_key().public_key()) == "EC secp256r1"
    assert describe(new_key(KeyKind.RSA).public_key()) == f"RSA {RSA_BITS} bits"


def test_a_key_is_written_and_read_back() -> None:
    key = new_key()
    assert from_pem(to_pem(key)).public_key() == key.public_key()


def test_keys_that_cannot_be_used_are_refused() -> None:
    encrypted = new_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))
    with pytest.raises(CertificateError, match="unencrypted"):
        from_pem(encrypted)
    with pytest.raises(CertificateError):
        from_pem(b"no key")
    with pytest.raises(CertificateError, match="neither"):
        server_public(ed25519.Ed25519PrivateKey.generate().public_key())


def test_strength_from_just_below_to_enough() -> None:
    assert weakness(rsa.generate_private_key(65537, 2048).public_key()) is None
    weak = rsa.generate_private_key(65537, 2047)  # noqa: S505  # what is being refused
    assert "2048" in str(weakness(weak.public_key()))
    assert weakness(ec.generate_private_key(ec.SECP256R1()).public_key()) is None
    assert "256" in str(weakness(ec.generate_private_key(ec.SECP224R1()).public_key()))
    assert "phones" in str(weakness(ed25519.Ed25519PrivateKey.generate().public_key()))
    assert "do not accept" in str(weakness(dsa.generate_private_key(2048).public_key()))

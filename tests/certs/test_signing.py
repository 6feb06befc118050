"""Signatures of the audit trail."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from certs import keys
from certs.errors import CertificateError
from certs.signing import Signer, Trusted, new_signing_key


def test_a_signature_holds_for_its_message_and_its_key_alone() -> None:
    one, other = Signer(new_signing_key()), Signer(new_signing_key())
    signature = one.sign(b"message")
    assert one.verify(one.name, b"message", signature)
    assert Trusted(one.public).verify(one.name, b"message", signature)
    assert not one.verify(one.name, b"massage", signature)
    assert not one.verify(other.name, b"message", signature)
    assert not other.verify(one.name, b"message", signature)
    assert one.name != other.name and one.name.startswith("ed25519:")


@pytest.mark.parametrize("signature", ["", "%", "AAAA", "é"])
def test_what_is_no_signature_is_wrong_and_no_accident(signature: str) -> None:
    signer = Signer(new_signing_key())
    assert not signer.verify(signer.name, b"message", signature)


def test_a_former_key_is_trusted_and_does_not_sign() -> None:
    former = Signer(new_signing_key())
    present = Signer(new_signing_key(), former.public)
    assert present.verify(former.name, b"old", former.sign(b"old"))
    assert present.verify(present.name, b"new", present.sign(b"new"))


def test_many_public_keys_stand_in_one_file() -> None:
    signers = [Signer(new_signing_key()) for _ in range(3)]
    trusted = Trusted(b"# ours\n" + b"".join(each.public for each in signers))
    assert all(trusted.verify(each.name, b"m", each.sign(b"m")) for each in signers)


@pytest.mark.parametrize("pem", [b"", b"-----BEGIN PRIVATE KEY-----\n", keys.to_pem(keys.new_key())])
def test_what_is_no_ed25519_key_does_not_sign(pem: bytes) -> None:
    with pytest.raises(CertificateError):
        Signer(pem)


def test_what_is_no_public_ed25519_key_is_not_trusted() -> None:
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    pem = other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    broken = b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"
    for wrong in (b"", pem, broken):
        with pytest.raises(CertificateError):
            Trusted(wrong)

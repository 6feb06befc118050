"""Certificate requests."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from certs.csr import read, write
from certs.errors import CertificateError
from certs.keys import new_key


def test_every_name_is_asked_for_once_each_in_its_kind() -> None:
    key = new_key()
    names = ["usher.example", "autodiscover.example.org", "USHER.example", "127.0.0.1", "::1"]
    request = read(write(key, names))
    assert request.names == ("usher.example", "autodiscover.example.org", "127.0.0.1", "::1")
    assert request.public_key == key.public_key()


def test_a_long_first_name_is_no_common_name() -> None:
    long = "a" * 60 + ".example.org"
    request = write(new_key(), [long])
    assert read(request).names == (long,)
    assert list(x509.load_pem_x509_csr(request).subject) == []


def test_a_request_needs_a_name() -> None:
    with pytest.raises(CertificateError):
        write(new_key(), [])
    bare = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(new_key(), SHA256())
    with pytest.raises(CertificateError, match="no host"):
        read(bare.public_bytes(Encoding.PEM))


def test_a_request_that_was_tampered_with_is_refused() -> None:
    from base64 import b64decode, encodebytes

    der = bytearray(b64decode(b"".join(write(new_key(), ["a.example"]).splitlines()[1:-1])))
    der[der.index(b"a.example")] ^= 2
    pem = (
        b"-----BEGIN CERTIFICATE REQUEST-----\n"
        + encodebytes(bytes(der))
        + b"-----END CERTIFICATE REQUEST-----\n"
    )
    with pytest.raises(CertificateError):
        read(pem)


def test_weak_keys_and_rubbish_are_refused() -> None:
    weak = rsa.generate_private_key(65537, 1024)  # noqa: S505  # what is being refused
    with pytest.raises(CertificateError, match="1024 bits"):
        read(write(weak, ["a.example"]))
    with pytest.raises(CertificateError):
        read(b"rubbish")

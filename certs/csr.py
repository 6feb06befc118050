"""Certificate requests with every name that the served domains need (product 9.1, PKCS #10)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from certs.errors import CertificateError
from certs.keys import PrivateKey, PublicKey, server_public, weakness
from certs.names import as_address, normalise

MAXIMUM_COMMON_NAME = 64


@dataclass(frozen=True, slots=True)
class Request:
    """What a request asks for."""

    names: tuple[str, ...]
    public_key: PublicKey


def write(key: PrivateKey, names: Sequence[str]) -> bytes:
    """A request as PEM, signed by the key that it is for.

    Raises:
        CertificateError: no name, or one that is none.
    """
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject(names))
    builder = builder.add_extension(alternative_names(names), critical=False)
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM)


def read(pem: bytes) -> Request:
    """Read a request and check that its sender has the key.

    Raises:
        CertificateError: it is none, its signature is wrong, its key is weak, or it names no host.
    """
    try:
        request = x509.load_pem_x509_csr(pem)
        key = server_public(request.public_key())
        valid = request.is_signature_valid
    except (ValueError, UnsupportedAlgorithm) as error:
        raise CertificateError("no readable certificate request") from error
    if not valid:
        raise CertificateError("the request's signature is wrong")
    if fault := weakness(key):
        raise CertificateError(fault)
    names = names_of(request.extensions)
    if not names:
        raise CertificateError("the request names no host")
    return Request(names, key)


def subject(names: Sequence[str]) -> x509.Name:
    """The first name as common name where it fits; clients look at the alternative names only."""
    if not names:
        raise CertificateError("a certificate needs at least one name")
    first = normalise(names[0])
    if len(first) > MAXIMUM_COMMON_NAME:
        return x509.Name([])
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, first)])


def alternative_names(names: Iterable[str]) -> x509.SubjectAlternativeName:
    """Host names and IP addresses, each in its own kind of entry."""
    entries: list[x509.GeneralName] = []
    for name in dict.fromkeys(normalise(name) for name in names):
        address = as_address(name)
        entries.append(x509.DNSName(name) if address is None else x509.IPAddress(address))
    return x509.SubjectAlternativeName(entries)


def names_of(extensions: x509.Extensions) -> tuple[str, ...]:
    """The host names and IP addresses among the alternative names, folded."""
    try:
        found = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    hosts = [name.lower() for name in found.get_values_for_type(x509.DNSName)]
    return tuple(hosts) + tuple(str(address) for address in found.get_values_for_type(x509.IPAddress))

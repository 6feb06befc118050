"""A private certificate authority (product 9.1): a root, an intermediate where wanted, server certificates.

For development, demonstration and closed networks. Its name says what it is, so that ``usher serve`` can
refuse to show one of its certificates to the world (T10).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from certs.chain import DEVELOPMENT, parse
from certs.csr import Request, alternative_names, subject
from certs.errors import CertificateError
from certs.keys import PrivateKey, PublicKey, from_pem, new_key

AUTHORITY_LIFE = timedelta(days=3650)
SERVER_LIFE = timedelta(days=397)
"""Apple refuses server certificates that live longer than 825 days, and public ones beyond 398."""

BACKDATED = timedelta(hours=1)
"""A phone's clock may be slow; a certificate of the future is refused."""


@dataclass(frozen=True, slots=True)
class Authority:
    """Who signs.

    Attributes:
        chain: its own certificate first, the root last.
        key: belongs to the first of ``chain``.
    """

    chain: tuple[x509.Certificate, ...]
    key: PrivateKey

    @property
    def certificate(self) -> x509.Certificate:
        return self.chain[0]

    @property
    def root(self) -> x509.Certificate:
        return self.chain[-1]


def create(label: str, now: datetime, key: PrivateKey | None = None) -> Authority:
    """Make a root; ``label`` tells it apart from others of its kind."""
    key = key or new_key()
    name = _name(label)
    builder = _authority(name, name, key.public_key(), now, now + AUTHORITY_LIFE, path_length=1)
    return Authority((builder.sign(key, SHA256()),), key)


def intermediate(parent: Authority, label: str, now: datetime, key: PrivateKey | None = None) -> Authority:
    """Make an authority below ``parent``, so that the root's key can be kept away from the machine."""
    key = key or new_key()
    issuer = parent.certificate
    until = min(now + AUTHORITY_LIFE, issuer.not_valid_after_utc)
    builder = _authority(_name(label), issuer.subject, key.public_key(), now, until, path_length=0)
    return Authority((_signed(builder, parent), *parent.chain), key)


def issue(
    authority: Authority, request: Request, now: datetime, life: timedelta = SERVER_LIFE
) -> tuple[x509.Certificate, ...]:
    """A server certificate and what stands between it and the root, in the order in which they are sent.

    Raises:
        CertificateError: the authority's own certificate is not valid now, or the request names no host.
    """
    issuer = authority.certificate
    if not issuer.not_valid_before_utc <= now < issuer.not_valid_after_utc:
        raise CertificateError("the authority's certificate is not valid at this time")
    until = min(now + life, issuer.not_valid_after_utc)
    builder = _certificate(subject(request.names), issuer.subject, request.public_key, now, until)
    builder = builder.add_extension(alternative_names(request.names), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(sign=True), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    return (_signed(builder, authority), *authority.chain[:-1])


def load(chain_pem: bytes, key_pem: bytes) -> Authority:
    """Read an authority back.

    Raises:
        CertificateError: no authority, or the key is another's.
    """
    authority = Authority(parse(chain_pem), from_pem(key_pem))
    constraints = authority.certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    if not constraints.value.ca:
        raise CertificateError("this certificate may not sign others")
    if authority.certificate.public_key() != authority.key.public_key():
        raise CertificateError("the key does not belong to the authority's certificate")
    return authority


def to_pem(chain: tuple[x509.Certificate, ...]) -> bytes:
    """The certificates one after the other."""
    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in chain)


def _name(label: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, DEVELOPMENT),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{DEVELOPMENT} {label}".strip()[:64]),
        ]
    )


def _authority(
    name: x509.Name, issuer: x509.Name, key: PublicKey, now: datetime, until: datetime, path_length: int
) -> x509.CertificateBuilder:
    builder = _certificate(name, issuer, key, now, until)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
    return builder.add_extension(_usage(sign=False), critical=True)


def _certificate(
    name: x509.Name, issuer: x509.Name, key: PublicKey, now: datetime, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _signed(builder: x509.CertificateBuilder, authority: Authority) -> x509.Certificate:
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    return builder.add_extension(identifier, critical=False).sign(authority.key, SHA256())


def _usage(*, sign: bool) -> x509.KeyUsage:
    """What the key is for: a server's signs handshakes (``sign``), an authority's signs certificates."""
    return x509.KeyUsage(
        digital_signature=sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=not sign,
        crl_sign=not sign,
        encipher_only=False,
        decipher_only=False,
    )

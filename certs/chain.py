"""Is this chain what clients will accept, and if not, why: chain, names, dates, keys (product 9.1, T10).

The verdict on the chain is OpenSSL's own, from the certificates that the server sends and the roots that the
caller trusts; nothing is fetched from elsewhere, since phones do not fetch missing intermediates either.
"""

import warnings
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.hashes import MD5, SHA1
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from OpenSSL import crypto

from certs.csr import names_of
from certs.errors import CertificateError
from certs.keys import describe, weakness
from certs.names import covers, is_public, normalise

Certificate = x509.Certificate
"""For those who only hand certificates on."""

DEVELOPMENT = "Usher development authority"
"""Organisation in the name of every authority that ``usher certs dev`` makes."""

WARNING_AHEAD = timedelta(days=30)

_SELF_SIGNED_LEAF, _SELF_SIGNED_CHAIN, _NO_LOCAL_ISSUER, _NO_LEAF_ISSUER = 18, 19, 20, 21
_NOT_YET, _EXPIRED = 9, 10


class Level(Enum):
    """How bad a finding is."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        topic: chain, names, dates or key.
        text: for people: what is, and what to mend.
    """

    topic: str
    level: Level
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was found about a chain; ``names`` and dates are the server certificate's."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    key: str
    findings: tuple[Finding, ...]

    @property
    def level(self) -> Level:
        """The worst of the findings."""
        levels = {finding.level for finding in self.findings}
        return next((level for level in (Level.FAULT, Level.WARNING) if level in levels), Level.OK)


def parse(pem: bytes) -> tuple[x509.Certificate, ...]:
    """Read the certificates of a PEM file, the server's first.

    Raises:
        CertificateError: there is none, or one is broken.
    """
    try:
        return tuple(x509.load_pem_x509_certificates(pem))
    except ValueError as error:
        raise CertificateError("no readable PEM certificate") from error


def parse_roots(pems: Iterable[str]) -> tuple[x509.Certificate, ...]:
    """Read a machine's collection of roots; the odd one that breaks today's rules is left out."""
    roots: list[x509.Certificate] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        for pem in pems:
            with suppress(ValueError):
                roots += x509.load_pem_x509_certificates(pem.encode())
    return tuple(roots)


def inspect(
    chain: Sequence[x509.Certificate],
    now: datetime,
    *,
    roots: Iterable[x509.Certificate] = (),
    required: Sequence[str] = (),
    advised: Sequence[str] = (),
) -> Report:
    """Look at a chain as it is served, the server's certificate first.

    Raises:
        CertificateError: the chain is empty.
    """
    if not chain:
        raise CertificateError("no certificate")
    leaf = chain[0]
    names = names_of(leaf.extensions)
    findings = (
        _trust(chain, roots, now),
        *_names(names, required, advised),
        *(_dates(certificate, now) for certificate in chain),
        *_keys(chain),
    )
    return Report(
        leaf.subject.rfc4514_string(),
        leaf.issuer.rfc4514_string(),
        names,
        leaf.not_valid_before_utc,
        leaf.not_valid_after_utc,
        describe(leaf.public_key()),
        findings,
    )


def refuse_reason(chain: Sequence[x509.Certificate], names: Iterable[str], now: datetime) -> str | None:
    """Why this chain must not be shown under these names unless the operator insists; None when it may.

    Phones of people who were taught to accept any certificate can be erased by whoever stands between (T10):
    a self-signed, development or expired certificate is for names that only this network knows.
    """
    public = sorted({name for name in map(normalise, names) if is_public(name)})
    if not public:
        return None
    if is_self_signed(chain[0]):
        return f"the certificate is self-signed, but {public[0]} is a public name"
    if any(_is_development(certificate.issuer) for certificate in chain):
        return f"the certificate is from a development authority, but {public[0]} is a public name"
    if now >= chain[0].not_valid_after_utc:
        return f"the certificate has expired, and {public[0]} is a public name"
    return None


def unfit_reason(chain: Sequence[x509.Certificate], names: Iterable[str], now: datetime) -> str | None:
    """Why this chain must not be served at all unless the operator insists; None when it may."""
    if now >= chain[0].not_valid_after_utc:
        return "the certificate has expired"
    if now < chain[0].not_valid_before_utc:
        return "the certificate is not valid yet"
    return refuse_reason(chain, names, now)


def is_self_signed(certificate: x509.Certificate) -> bool:
    """Whether the certificate vouches for itself."""
    try:
        certificate.verify_directly_issued_by(certificate)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def explain(report: Report) -> str:
    """The report for people, one line for each finding."""
    marks = {Level.OK: "ok     ", Level.WARNING: "WARNING", Level.FAULT: "FAULT  "}
    head = (
        f"certificate  {report.subject or '(no subject)'}",
        f"issued by    {report.issuer}",
        f"names        {', '.join(report.names) or '(none)'}",
        f"valid        {report.not_before:%Y-%m-%d %H:%M} to {report.not_after:%Y-%m-%d %H:%M} UTC",
        f"key          {report.key}",
    )
    lines = (f"{marks[finding.level]}  {finding.topic:6} {finding.text}" for finding in report.findings)
    return "\n".join((*head, *lines))


def _is_development(name: x509.Name) -> bool:
    attributes = name.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return any(attribute.value == DEVELOPMENT for attribute in attributes)


def _trust(chain: Sequence[x509.Certificate], roots: Iterable[x509.Certificate], now: datetime) -> Finding:
    store = crypto.X509Store()  # one for each verdict: its time is set once for good
    for root in _converted(tuple(roots)):
        store.add_cert(root)
    store.set_time(now)
    leaf, *others = (crypto.X509.from_cryptography(certificate) for certificate in chain)
    try:
        path = crypto.X509StoreContext(store, leaf, others).get_verified_chain()
    except crypto.X509StoreContextError as error:
        return Finding("chain", Level.FAULT, _complaint(error, chain))
    anchor = path[-1].to_cryptography().subject.rfc4514_string()
    return Finding("chain", Level.OK, f"leads to the trusted root {anchor}")


@lru_cache(maxsize=2)
def _converted(roots: tuple[x509.Certificate, ...]) -> tuple[crypto.X509, ...]:
    """A machine's 144 roots take 50 ms, and a gateway may have 1,000 chains to look at."""
    return tuple(crypto.X509.from_cryptography(root) for root in roots)


def _complaint(error: crypto.X509StoreContextError, chain: Sequence[x509.Certificate]) -> str:
    code = error.errors[0]
    last = chain[-1].issuer.rfc4514_string()
    match code:
        case _ if code == _SELF_SIGNED_LEAF:
            return "self-signed: no client will trust it"
        case _ if code == _SELF_SIGNED_CHAIN:
            return f"leads to {last}, which is not among the trusted roots"
        case _ if code in (_NO_LOCAL_ISSUER, _NO_LEAF_ISSUER):
            return (
                f"{last} is missing: put the intermediate certificates into the file, after the server's own"
            )
        case _ if code in (_NOT_YET, _EXPIRED):
            return "a certificate in the chain is not valid at this time"
        case _:
            return str(error.errors[2])


def _names(names: Sequence[str], required: Sequence[str], advised: Sequence[str]) -> Iterable[Finding]:
    if not names:
        yield Finding("names", Level.FAULT, "there is no alternative name: clients look at nothing else")
    for name in dict.fromkeys((*required, *advised)):
        if any(covers(pattern, name) for pattern in names):
            yield Finding("names", Level.OK, f"{name} is covered")
        elif name in required:
            yield Finding("names", Level.FAULT, f"{name} is missing: clients will refuse to connect")
        else:
            yield Finding("names", Level.WARNING, f"{name} is missing: needed where this host answers for it")


def _dates(certificate: x509.Certificate, now: datetime) -> Finding:
    whose = certificate.subject.rfc4514_string() or "the server certificate"
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now < start:
        return Finding("dates", Level.FAULT, f"{whose} is valid only from {start:%Y-%m-%d %H:%M} UTC")
    if now >= end:
        return Finding("dates", Level.FAULT, f"{whose} expired on {end:%Y-%m-%d %H:%M} UTC")
    days = (end - now).days
    level = Level.WARNING if end - now < WARNING_AHEAD else Level.OK
    return Finding("dates", level, f"{whose} expires in {days} days, on {end:%Y-%m-%d}")


def _keys(chain: Sequence[x509.Certificate]) -> Iterable[Finding]:
    for certificate in chain:
        whose = certificate.subject.rfc4514_string() or "the server certificate"
        if fault := weakness(certificate.public_key()):
            yield Finding("key", Level.FAULT, f"{whose}: {fault}")
        elif isinstance(certificate.signature_hash_algorithm, SHA1 | MD5) and not is_self_signed(certificate):
            yield Finding("key", Level.FAULT, f"{whose} is signed with a broken hash")
        else:
            yield Finding("key", Level.OK, f"{whose}: {describe(certificate.public_key())}")
    if not _is_for_servers(chain[0]):
        yield Finding("key", Level.FAULT, "the certificate is not for TLS servers (extended key usage)")


def _is_for_servers(certificate: x509.Certificate) -> bool:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return ExtendedKeyUsageOID.SERVER_AUTH in usage

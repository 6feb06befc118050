"""Which DNS records a domain must or may publish (product 1 and 2.5; spec/autodiscover.md 9, 10, 12).

What has to be published follows from what is served: nothing is asked of a domain for a service that its
backend does not offer. Where the gateway cannot know a value, as it does not carry mail, and the operator has
not said it, the record has no values and only its presence is judged.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any
from urllib.parse import urlsplit

from autodiscover.model import Encryption, Endpoints, MailServer

TTL = 3600
"""Seconds; an hour lets a mistake be mended on the same day (product 1)."""

HTTPS = 443
_STRING = 255
"""Longest string within a TXT record (RFC 1035 3.3.14)."""


class Purpose(Enum):
    """What a record is for."""

    OWNERSHIP = "ownership"
    AUTODISCOVER = "autodiscover"
    AUTODISCOVER_SRV = "autodiscover_srv"
    AUTOCONFIG = "autoconfig"
    PACC = "pacc"
    PACC_DIGEST = "pacc_digest"
    MAIL_SRV = "mail_srv"
    DAV_SRV = "dav_srv"
    DAV_PATH = "dav_path"
    MX = "mx"
    SPF = "spf"
    DMARC = "dmarc"
    DKIM = "dkim"


class Need(Enum):
    """How much depends on a record."""

    REQUIRED = "required"
    RECOMMENDED = "recommended"
    OPTIONAL = "optional"


@dataclass(frozen=True, slots=True)
class Record:
    """What stands at one name with one type.

    Attributes:
        name: full name, lower case, without the final dot.
        values: all that should stand there, as ``observation.Observed.values`` writes it; empty when any
            will do.
        marker: how a TXT record of this purpose begins; others at the same name are not ours.
        note: for people, where no value can be given.
    """

    purpose: Purpose
    need: Need
    name: str
    rdtype: str
    values: tuple[str, ...] = ()
    marker: str = ""
    note: str = ""
    ttl: int = TTL


@dataclass(frozen=True, slots=True)
class MailRecords:
    """What the operator says of the mail server itself, which the gateway never sees.

    Attributes:
        mx: host names, the preferred first. spf, dmarc: whole values. dkim: selectors.
    """

    mx: tuple[str, ...] = ()
    spf: str = ""
    dmarc: str = ""
    dkim: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Publication:
    """What a domain's records follow from.

    Attributes:
        proof: what the ownership record shows; empty where none is asked for.
        pacc_digest: SHA-256 of the PACC document in base64; empty where none is served.
    """

    domain: str
    public_host: str
    endpoints: Endpoints
    port: int = HTTPS
    proof: str = ""
    mail: MailRecords = MailRecords()
    pacc_digest: str = ""


def records(publication: Publication) -> tuple[Record, ...]:
    """Everything to publish, the required first."""
    found = (
        *_ours(publication),
        *_mail(publication.domain, publication.mail),
        *_pacc(publication),
        *_services(publication.domain, publication.endpoints),
    )
    order = list(Need)
    return tuple(sorted(found, key=lambda record: order.index(record.need)))


def _ours(publication: Publication) -> Iterator[Record]:
    domain, host = publication.domain, publication.public_host
    if publication.proof:
        value = f"usher-verification={publication.proof}"
        yield Record(Purpose.OWNERSHIP, Need.REQUIRED, f"_usher.{domain}", "TXT", (value,))
    yield _alias(Purpose.AUTODISCOVER, Need.REQUIRED, f"autodiscover.{domain}", host)
    yield Record(
        Purpose.AUTODISCOVER_SRV,
        Need.RECOMMENDED,
        f"_autodiscover._tcp.{domain}",
        "SRV",
        (f"0 0 {publication.port} {host}",),
    )
    yield _alias(Purpose.AUTOCONFIG, Need.RECOMMENDED, f"autoconfig.{domain}", host)


def _alias(purpose: Purpose, need: Need, name: str, host: str) -> Record:
    """A name cannot be an alias of itself: the gateway's own has an address."""
    if name == host:
        return Record(purpose, need, name, "A", note="the gateway's own address")
    return Record(purpose, need, name, "CNAME", (host,))


def _mail(domain: str, mail: MailRecords) -> Iterator[Record]:
    exchangers = tuple(f"{10 * place} {host}" for place, host in enumerate(mail.mx, 1))
    yield Record(
        Purpose.MX,
        Need.RECOMMENDED,
        domain,
        "MX",
        exchangers,
        note="the server that takes in the domain's mail",
    )
    for purpose, name, value, marker in (
        (Purpose.SPF, domain, mail.spf, "v=spf1"),
        (Purpose.DMARC, f"_dmarc.{domain}", mail.dmarc, "v=DMARC1"),
    ):
        values = (value,) if value else ()
        yield Record(purpose, Need.RECOMMENDED, name, "TXT", values, marker, f"begins with {marker}")
    for selector in mail.dkim:
        name = f"{selector}._domainkey.{domain}"
        yield Record(Purpose.DKIM, Need.RECOMMENDED, name, "TXT", note="the mail server's public key")


def _pacc(publication: Publication) -> Iterator[Record]:
    domain = publication.domain
    if not publication.pacc_digest:
        return
    yield _alias(Purpose.PACC, Need.OPTIONAL, f"ua-auto-config.{domain}", publication.public_host)
    digest = f"v=UAAC1; a=sha256; d={publication.pacc_digest}"
    name = f"_ua-auto-config.{domain}"
    yield Record(Purpose.PACC_DIGEST, Need.OPTIONAL, name, "TXT", (digest,), "v=UAAC1")


def _services(domain: str, endpoints: Endpoints) -> Iterator[Record]:
    """RFC 6186 and 8314 for mail, RFC 6764 for calendars and address books."""
    mail: tuple[tuple[MailServer | None, str, str], ...] = (
        (endpoints.imap, "_imaps", "_imap"),
        (endpoints.pop3, "_pop3s", "_pop3"),
        (endpoints.smtp, "_submissions", "_submission"),
    )
    for server, implicit, explicit in mail:
        if server is not None:
            label = implicit if server.encryption is Encryption.SSL else explicit
            yield _service(Purpose.MAIL_SRV, f"{label}._tcp.{domain}", server.host, server.port)
    for url, label in ((endpoints.caldav, "_caldav"), (endpoints.carddav, "_carddav")):
        if url is not None:
            yield from _dav(domain, url, label)


def _dav(domain: str, url: str, label: str) -> Iterator[Record]:
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    name = f"{label}{'s' if secure else ''}._tcp.{domain}"
    yield _service(Purpose.DAV_SRV, name, parts.hostname or "", parts.port or (HTTPS if secure else 80))
    if parts.path not in ("", "/"):
        yield Record(Purpose.DAV_PATH, Need.OPTIONAL, name, "TXT", (f"path={parts.path}",), "path=")


def _service(purpose: Purpose, name: str, host: str, port: int) -> Record:
    return Record(purpose, Need.OPTIONAL, name, "SRV", (f"0 1 {port} {host}",))


def document(record: Record) -> dict[str, Any]:
    """A record as plain JSON values."""
    return {
        "purpose": record.purpose.value,
        "need": record.need.value,
        "name": record.name,
        "type": record.rdtype,
        "ttl": record.ttl,
        "values": list(record.values),
        "note": record.note,
    }


def zone_file(wanted: Iterable[Record]) -> str:
    """The lines of a zone file (RFC 1035 5); what has no value here stands in it as a comment."""
    return "".join(f"{line}\n" for record in wanted for line in zone_lines(record))


def zone_lines(record: Record) -> Iterator[str]:
    """One line for each value."""
    head = f"{record.name}. {record.ttl} IN {record.rdtype}"
    if not record.values:
        yield f"; {head} ...  {record.note}"
    for value in record.values:
        yield f"{head} {_written(record.rdtype, value)}"


def _written(rdtype: str, value: str) -> str:
    if rdtype == "TXT":
        return " ".join(_quoted(value[at : at + _STRING]) for at in range(0, len(value), _STRING))
    return value if value.endswith(".") else f"{value}."


def _quoted(text: str) -> str:
    """A character string of RFC 1035 5.1; what is not printable ASCII as its octets in decimal."""
    octets = text.encode("utf-8")
    return '"' + "".join(_character(octet) for octet in octets) + '"'


def _character(octet: int) -> str:
    if chr(octet) in '"\\':
        return f"\\{chr(octet)}"
    return chr(octet) if 0x20 <= octet < 0x7F else f"\\{octet:03d}"

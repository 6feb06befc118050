"""Mozilla autoconfig 1.1: one file for a whole mail domain (spec/autodiscover.md 8).

Everybody may read it and nobody learns from it who lives there: the user's name stands in it as a
placeholder, and the bytes are the same with and without ``emailaddress``, which phones do not send (R11).
Then the domain is looked up by the host name that was asked, ``autoconfig.<domain>`` or ``<domain>``
itself.

What stands in it follows what clients accept. Without an SMTP server Thunderbird and K-9 reject the whole
file, so there is none then. ``ews`` names ``password-cleartext`` beside the draft's ``http-basic``, which
alone makes Thunderbird drop the entry, and its host and socket type beside the URL, of which Thunderbird
cannot read one with a port. ``activesync`` stands last: Thunderbird passes over what it does not know. The
older combined ``exchange`` entry is left out: it would offer the same account again, by way of an add-on.
"""

from functools import lru_cache
from urllib.parse import urlsplit

from autodiscover.errors import Fault
from autodiscover.model import (
    Answer,
    Asker,
    Audience,
    Encryption,
    Endpoints,
    Enquiry,
    MailServer,
    Outcome,
    Question,
    Request,
    Site,
    Stamp,
)
from autodiscover.strangers import LASTS, about_host, domain_of
from autodiscover.xmltext import Element, serialize

PATHS = frozenset(
    {
        "/mail/config-v1.1.xml",
        "/.well-known/autoconfig/mail/config-v1.1.xml",
        "/v1.1/mail/config-v1.1.xml",  # what Nine for Android makes of it
    }
)
PREFIX = "autoconfig."
LOGIN = "%EMAILADDRESS%"
"""The client puts the address in, so that the file is one for all."""

MEDIA_TYPE = "text/xml; charset=utf-8"
NAME = "autoconfig"
AUDIENCE = Audience.ANYBODY
METHODS: tuple[str, ...] = ("GET", "HEAD")
HEADERS = LASTS

_SOCKET_TYPES = {Encryption.NONE: "plain", Encryption.SSL: "SSL", Encryption.TLS: "STARTTLS"}
_HTTP = ("http-basic", "password-cleartext")


def matches(path: str) -> bool:
    """Whether this is one of the three paths."""
    return path.lower() in PATHS


def read(request: Request) -> Enquiry:
    """Which domain: that of the address where there is one, else of the host name; more than one guess."""
    address = next((value for name, value in request.query if name.lower() == "emailaddress"), "")
    domain = domain_of(address.strip())
    return Enquiry("", (Question(domain=domain),) if domain else about_host(request.host, PREFIX))


def write(_enquiry: Enquiry, outcomes: tuple[Outcome, ...], _asker: Asker, stamp: Stamp) -> Answer:
    """Write the file of the first guess that is a domain here."""
    site = next((outcome for outcome in outcomes if isinstance(outcome, Site)), None)
    if site is None or not has_file(site.endpoints):
        return refuse(Fault.UNKNOWN_MAILBOX, stamp)
    return Answer(200, MEDIA_TYPE, _written(site))


def refuse(fault: Fault, _stamp: Stamp) -> Answer:
    """A bare status: there is no error document in this format."""
    return Answer(fault.json, MEDIA_TYPE, b"")


def has_file(endpoints: Endpoints) -> bool:
    """Whether there is enough to write a file that clients accept."""
    return bool(endpoints.smtp and (endpoints.imap or endpoints.pop3 or endpoints.ews))


@lru_cache(maxsize=1024)
def _written(site: Site) -> bytes:
    """A file is written once and not for each stranger who asks: 90 us, 3 KiB (measured)."""
    return serialize(_file(site))


def _file(site: Site) -> Element:
    served = site.endpoints
    further = (
        _http("calendar", "caldav", served.caldav, _HTTP[:1]),
        _http("addressbook", "carddav", served.carddav, _HTTP[:1]),
        _web_mail(served.web_mail),
    )
    return Element(
        "clientConfig",
        children=(_provider(site), *(element for element in further if element is not None)),
        attributes=(("version", "1.1"),),
    )


def _provider(site: Site) -> Element:
    """The outgoing server follows the preferred incoming one: simple readers, K-9's former one among them,
    stop when they have one of each, and take the last incoming server before the outgoing one."""
    served = site.endpoints
    candidates = (
        _server("incomingServer", "imap", served.imap),
        _server("incomingServer", "pop3", served.pop3),
        _http("incomingServer", "ews", served.ews, _HTTP),
        _http("incomingServer", "activesync", served.activesync, _HTTP),
    )
    preferred, *others = (server for server in candidates if server is not None)
    servers = (preferred, _server("outgoingServer", "smtp", served.smtp), *others)
    return Element(
        "emailProvider",
        children=(
            _leaf("domain", site.domain),
            _leaf("displayName", site.provider),
            _leaf("displayShortName", site.provider),
            *(server for server in servers if server is not None),
        ),
        attributes=(("id", site.domain),),
    )


def _server(name: str, kind: str, server: MailServer | None) -> Element | None:
    if server is None:
        return None
    leaves = (
        _leaf("hostname", server.host),
        _leaf("port", str(server.port)),
        _leaf("socketType", _SOCKET_TYPES[server.encryption]),
        _leaf("authentication", "password-cleartext"),
        _leaf("username", LOGIN),
    )
    return Element(name, children=leaves, attributes=(("type", kind),))


def _http(name: str, kind: str, url: str | None, authentication: tuple[str, ...]) -> Element | None:
    if not url:
        return None
    parts = urlsplit(url)
    leaves = (
        _leaf("hostname", parts.hostname or ""),
        _leaf("socketType", "SSL" if parts.scheme == "https" else "plain"),
        _leaf("url", url),
        *(_leaf("authentication", scheme) for scheme in authentication),
        _leaf("username", LOGIN),
    )
    return Element(name, children=leaves, attributes=(("type", kind),))


def _web_mail(url: str | None) -> Element | None:
    if not url:
        return None
    return Element("webMail", children=(Element("loginPage", attributes=(("url", url),)),))


def _leaf(name: str, text: str) -> Element:
    return Element(name, children=(text,))

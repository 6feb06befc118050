"""What any discovery format needs to know, with no format in it (spec/autodiscover.md 2 and 3, product 2).

A format reads a ``Request`` into an ``Enquiry`` of one or more ``Question``s, the shell answers each with an
``Outcome``, the format writes them as an ``Answer`` in the shape that fits the ``Asker``. Every URL and host
in an answer comes from the configuration or the directory, never from the request (T13).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol
from urllib.parse import urlsplit

from autodiscover.errors import Fault


class Encryption(Enum):
    """How a mail port is protected, in the words of MS-OXDSCLI's Encryption element.

    TLS means STARTTLS and SSL means TLS from the first byte: Outlook fails when an implicit TLS port is
    called TLS (spec/autodiscover.md 2.7).
    """

    NONE = "None"
    SSL = "SSL"
    TLS = "TLS"


@dataclass(frozen=True, slots=True)
class MailServer:
    """An IMAP or SMTP service."""

    host: str
    port: int
    encryption: Encryption = Encryption.SSL


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The services that a user's backend is reached at; what is None is not served and not advertised.

    Attributes:
        activesync: ``https://<public host>/Microsoft-Server-ActiveSync``; the gateway always serves it.
        autodiscover: ``https://<public host>/autodiscover/autodiscover.xml``; the gateway's own.
        ews: URL of the Exchange Web Services, usually ending in ``/EWS/Exchange.asmx``.
        mapi: URL of MAPI over HTTP's mail store, usually ending in ``/mapi/emsmdb/``.
        oab: URL of the offline address book, with its trailing slash.
        web_mail: URL that a person opens in a browser.
        caldav, carddav: root URLs of calendars and address books.
    """

    activesync: str
    autodiscover: str = ""
    ews: str | None = None
    mapi: str | None = None
    oab: str | None = None
    imap: MailServer | None = None
    pop3: MailServer | None = None
    smtp: MailServer | None = None
    web_mail: str | None = None
    caldav: str | None = None
    carddav: str | None = None


@dataclass(frozen=True, slots=True)
class AlternativeMailbox:
    """A further mailbox that the asker has full access to (product 1, mailbox permission)."""

    address: str
    display_name: str


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A user as discovery shows it.

    Attributes:
        address: the primary address, which the client should use from now on.
        deployment: GUID of this installation, constant for its life; opaque to clients.
        alternatives: what the user may open besides; empty in the answer about another's mailbox.
    """

    address: str
    display_name: str
    endpoints: Endpoints
    deployment: str = ""
    alternatives: tuple[AlternativeMailbox, ...] = ()


@dataclass(frozen=True, slots=True)
class Site:
    """A mail domain as discovery shows it to anybody: it depends on the domain alone (T12).

    Attributes:
        provider: the organisation's name for people.
    """

    domain: str
    provider: str
    endpoints: Endpoints
    deployment: str = ""


@dataclass(frozen=True, slots=True)
class AddressRedirect:
    """Start again with this address; it differs from the one that was asked for."""

    address: str


@dataclass(frozen=True, slots=True)
class UrlRedirect:
    """Ask this AutoDiscover URL instead: https, from the configuration."""

    url: str

    def ending(self, suffix: str) -> str:
        """The URL of the same host for ``.xml``, ``.svc`` or ``.json``: a client follows no other ending."""
        if self.url.lower().endswith(f"/autodiscover/autodiscover{suffix}"):
            return self.url
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}/autodiscover/autodiscover{suffix}"


@dataclass(frozen=True, slots=True)
class NotFound:
    """Nobody whom this asker may know of."""


Outcome = Mailbox | Site | AddressRedirect | UrlRedirect | NotFound


class Audience(Enum):
    """Who may ask in a format."""

    SIGNED = "those who signed in: anybody else gets 401 and nothing more (R2)"
    ANYBODY = "strangers too, since the answer depends on the domain alone (T12)"


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request as far as a format reads it.

    Attributes:
        path: decoded, as sent.
        query: decoded names and values, in order, as sent.
        host: host name of the request, folded, without its port; a key to look a domain up by, never part
            of an answer (T13).
    """

    method: str = "POST"
    path: str = ""
    query: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    host: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """Whom or what the client asks about: a mailbox, or with ``domain`` a mail domain.

    Attributes:
        address: the mail address as sent, trimmed; empty when only a distinguished name was given.
        legacy_dn: distinguished name of the mailbox; outranks the address (spec/autodiscover.md 2.1).
        domain: mail domain, where the question is about a whole one.
    """

    address: str = ""
    legacy_dn: str = ""
    domain: str = ""


@dataclass(frozen=True, slots=True)
class Enquiry:
    """All that a client wants to know in one request.

    Attributes:
        form: which answer it can read, as the format names it: schema, operation or protocol.
        questions: answered one by one; the outcomes keep their order.
        wanted: names of the settings that are asked for, as sent.
        message_id: what the answer has to relate to, as sent; empty for nothing.
        hops: redirects that the client says it has followed to get here.
        address: as sent, where it is no part of the question: the answer depends on its domain alone.
    """

    form: str
    questions: tuple[Question, ...]
    wanted: tuple[str, ...] = ()
    message_id: str = ""
    hops: int = 0
    address: str = ""


@dataclass(frozen=True, slots=True)
class Asker:
    """What the request's headers tell about the client.

    Attributes:
        mapi_http: highest version of MAPI over HTTP that it speaks, by ``X-MapiHttpCapability``, which only
            Outlook for Windows sends; 0 for none.
        can_handle: tokens of ``X-ClientCanHandle``, folded.
    """

    user_agent: str = ""
    mapi_http: int = 0
    can_handle: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Stamp:
    """When and by whom an error is answered; arguments, since the formats read no clock.

    Attributes:
        server: number that tells the answering servers of an installation apart.
    """

    at: datetime
    server: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer.

    Attributes:
        location: target of a 302, else empty.
    """

    status: int
    media_type: str
    body: bytes
    location: str = ""


class Format(Protocol):
    """One discovery format; modules with these constants and functions are formats.

    Attributes:
        NAME: what it is called in logs and figures.
        AUDIENCE: who may ask.
        METHODS: HTTP methods that are answered; 405 for others.
        HEADERS: names and values that every answer on its paths carries, a 401 included.
    """

    NAME: str
    AUDIENCE: Audience
    METHODS: tuple[str, ...]
    HEADERS: tuple[tuple[str, str], ...]

    def matches(self, path: str) -> bool:
        """Whether this format is spoken at this path; upper and lower case are equal."""
        ...

    def read(self, request: Request) -> Enquiry:
        """Read a request.

        Raises:
            DiscoveryError: it asks for nothing that can be answered.
        """
        ...

    def write(self, enquiry: Enquiry, outcomes: tuple[Outcome, ...], asker: Asker, stamp: Stamp) -> Answer:
        """Write what was found, one outcome for each question, in the shape that fits this asker."""
        ...

    def refuse(self, fault: Fault, stamp: Stamp) -> Answer:
        """Write an error."""
        ...

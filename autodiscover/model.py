"""What any discovery format needs to know, with no format in it (spec/autodiscover.md 2 and 3, product 2).

A format reads bytes into a ``Question``, the shell answers it with an ``Outcome``, the format writes that
as an ``Answer`` in the shape that fits the ``Asker``. Every URL and host here comes from the
configuration or the directory, never from the request (T13).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

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
        ews: URL of the Exchange Web Services, usually ending in ``/EWS/Exchange.asmx``.
        web_mail: URL that a person opens in a browser.
    """

    activesync: str
    ews: str | None = None
    imap: MailServer | None = None
    smtp: MailServer | None = None
    web_mail: str | None = None


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A user as discovery shows it.

    Attributes:
        address: the primary address, which the client should use from now on.
        deployment: GUID of this installation, constant for its life; opaque to clients.
    """

    address: str
    display_name: str
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


@dataclass(frozen=True, slots=True)
class NotFound:
    """Nobody whom this asker may know of."""


Outcome = Mailbox | AddressRedirect | UrlRedirect | NotFound


@dataclass(frozen=True, slots=True)
class Question:
    """What the client wants to know.

    Attributes:
        schema: the answer's schema, as the format names it.
        address: the mail address as sent, trimmed; empty when only a distinguished name was given.
        legacy_dn: distinguished name of the mailbox; outranks the address (spec/autodiscover.md 2.1).
    """

    schema: str
    address: str
    legacy_dn: str = ""


@dataclass(frozen=True, slots=True)
class Asker:
    """What the request's headers tell about the client.

    Attributes:
        mapi_http: True when ``X-MapiHttpCapability`` was sent, which only Outlook for Windows does.
    """

    user_agent: str = ""
    mapi_http: bool = False


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
    """One discovery format; modules with these functions are formats."""

    def matches(self, path: str) -> bool:
        """Whether this format is spoken at this path; upper and lower case are equal."""
        ...

    def read(self, body: bytes) -> Question:
        """Read a request body.

        Raises:
            DiscoveryError: it asks for nothing that can be answered.
        """
        ...

    def write(self, question: Question, outcome: Outcome, asker: Asker, stamp: Stamp) -> Answer:
        """Write what was found, in the shape that fits this asker."""
        ...

    def refuse(self, fault: Fault, stamp: Stamp) -> Answer:
        """Write an error."""
        ...

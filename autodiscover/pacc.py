"""PACC: the JSON document of draft-ietf-mailmaint-pacc (spec/autodiscover.md 10).

A TXT record of the domain holds the digest of the document, so its bytes must be the same for ever as long
as the configuration is: keys sorted, no spaces, no time, nothing from the request. It has no ports: a
server on another than the default port of implicit TLS cannot be told. The draft renamed ``smtp`` to
``submit`` in its third edition; both stand here, and a reader ignores what it does not know.
"""

import base64
import hashlib
import json
from typing import Any

from autodiscover.errors import Fault
from autodiscover.model import (
    Answer,
    Asker,
    Audience,
    Encryption,
    Enquiry,
    MailServer,
    Outcome,
    Request,
    Site,
    Stamp,
)
from autodiscover.strangers import LASTS, about_host

PATH = "/.well-known/user-agent-configuration.json"
PREFIX = "ua-auto-config."
MEDIA_TYPE = "application/json"
NAME = "pacc"
AUDIENCE = Audience.ANYBODY
METHODS: tuple[str, ...] = ("GET", "HEAD")
HEADERS = LASTS

MAXIMUM_NAME = 60
MAXIMUM_SHORT_NAME = 20


def matches(path: str) -> bool:
    """Whether this is the document's path."""
    return path.lower() == PATH


def read(request: Request) -> Enquiry:
    """Which domain: that of the host name."""
    return Enquiry("", about_host(request.host, PREFIX))


def write(_enquiry: Enquiry, outcomes: tuple[Outcome, ...], _asker: Asker, stamp: Stamp) -> Answer:
    """Write the document of the first guess that is a domain here."""
    site = next((outcome for outcome in outcomes if isinstance(outcome, Site)), None)
    written = document(site) if site is not None else None
    return refuse(Fault.UNKNOWN_MAILBOX, stamp) if written is None else Answer(200, MEDIA_TYPE, written)


def refuse(fault: Fault, _stamp: Stamp) -> Answer:
    """A bare status: the draft has no error document."""
    return Answer(fault.json, MEDIA_TYPE, b"")


def document(site: Site) -> bytes | None:
    """The document of a domain; None when nothing that it can tell is served."""
    protocols = _protocols(site)
    if not protocols:
        return None
    provider = {
        "name": site.provider[:MAXIMUM_NAME].strip(),
        "shortName": site.provider[:MAXIMUM_SHORT_NAME].strip(),
    }
    told = {
        "authentication": {"password": True},
        "info": {"provider": provider},
        "protocols": protocols,
    }
    return json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(document: bytes) -> str:
    """What the TXT record ``_ua-auto-config.<domain>`` has as ``d``: SHA-256 in base64."""
    return base64.b64encode(hashlib.sha256(document).digest()).decode("ascii")


def _protocols(site: Site) -> dict[str, Any]:
    served = site.endpoints
    hosts = {
        "imap": _host(served.imap, 993),
        "pop3": _host(served.pop3, 995),
        "smtp": _host(served.smtp, 465),
        "submit": _host(served.smtp, 465),
    }
    urls = {"caldav": served.caldav, "carddav": served.carddav}
    return {name: {"host": host} for name, host in hosts.items() if host} | {
        name: {"url": url} for name, url in urls.items() if url
    }


def _host(server: MailServer | None, port: int) -> str | None:
    if server is None or server.encryption is not Encryption.SSL or server.port != port:
        return None
    return server.host

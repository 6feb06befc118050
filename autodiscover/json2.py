"""AutoDiscover version 2: JSON at ``/autodiscover/autodiscover.json`` (spec/autodiscover.md 5, 14).

Outlook, Apple Mail and the cloud of the mobile Outlook ask here first, without credentials, for the URL of
one protocol. The answer depends on the domain alone, so that nobody learns which mailboxes exist. Nothing
that the client sent is repeated, with one exception: the redirect to a foreign server hands on the address,
percent encoded, in the query of a URL whose host is configured.

The path is where ProxyShell came in (CVE-2021-34473): a prefix was matched and the rest believed. Here a
path is the one or the other as a whole, the address is exactly one segment, and no part of it leads
anywhere.
"""

import json
import re
from collections.abc import Mapping
from urllib.parse import urlencode

from autodiscover.errors import DiscoveryError, Fault
from autodiscover.model import (
    Answer,
    Asker,
    Audience,
    Endpoints,
    Enquiry,
    Outcome,
    Question,
    Request,
    Site,
    Stamp,
    UrlRedirect,
)
from autodiscover.strangers import LASTS, MAXIMUM_ADDRESS, domain_of

PATH = "/autodiscover/autodiscover.json"
MEDIA_TYPE = "application/json"
NAME = "json2"
AUDIENCE = Audience.ANYBODY
METHODS: tuple[str, ...] = ("GET", "HEAD")
HEADERS = LASTS

MAXIMUM_PATH = len(PATH) + len("/v1.0/") + MAXIMUM_ADDRESS

MAXIMUM_HOPS = 10
"""Redirects that a client may have followed before this server sends it nowhere else (5.2)."""

_PLAIN = re.compile(re.escape(PATH), re.IGNORECASE | re.ASCII)
_WITH_ADDRESS = re.compile(re.escape(PATH) + r"/v1\.0/([^/\\;?#%\x00-\x20\x7f]*)", re.IGNORECASE | re.ASCII)

_NAMES = {name.lower(): name for name in ("ActiveSync", "AutodiscoverV1", "Ews")}
_CODES: Mapping[Fault, tuple[str, str]] = {
    Fault.INVALID_REQUEST: ("MandatoryParameterMissing", "A valid value must be provided for 'Email'."),
    Fault.NO_PROVIDER: ("MissingProtocol", "A valid value must be provided for 'Protocol'."),
    Fault.UNKNOWN_MAILBOX: ("DomainNotFound", "This server does not serve the domain."),
    Fault.INTERNAL: ("InternalServerError", "The server failed."),
}


def matches(path: str) -> bool:
    """Whether the path, as a whole, is one of the two forms."""
    if len(path) > MAXIMUM_PATH or ".." in path:
        return False
    return _PLAIN.fullmatch(path) is not None or _WITH_ADDRESS.fullmatch(path) is not None


def read(request: Request) -> Enquiry:
    """Read a request; names of parameters are compared folded, and none may come twice.

    Raises:
        DiscoveryError: INVALID_REQUEST without one address, NO_PROVIDER without a protocol.
    """
    parameters: dict[str, str] = {}
    for name, value in request.query:
        if parameters.setdefault(name.lower(), value) is not value:
            raise DiscoveryError(Fault.INVALID_REQUEST, "a parameter twice")
    within = _WITH_ADDRESS.fullmatch(request.path)
    address = (within[1] if within else parameters.get("email", "")).strip()
    domain = domain_of(address)
    if not domain:
        raise DiscoveryError(Fault.INVALID_REQUEST, "no address")
    protocol = parameters.get("protocol", "").strip().lower()
    if not protocol:
        raise DiscoveryError(Fault.NO_PROVIDER, "no protocol")
    hops = _hops(parameters.get("redirectcount", "0"))
    return Enquiry(protocol, (Question(domain=domain),), hops=hops, address=address)


def write(enquiry: Enquiry, outcomes: tuple[Outcome, ...], _asker: Asker, stamp: Stamp) -> Answer:
    """Write the URL of the protocol, or where else to ask."""
    outcome = outcomes[0]
    if isinstance(outcome, UrlRedirect):
        return _elsewhere(enquiry, outcome)
    if not isinstance(outcome, Site):
        return refuse(Fault.UNKNOWN_MAILBOX, stamp)
    served = protocols(outcome.endpoints)
    name = next((name for name in served if name.lower() == enquiry.form), None)
    if name is None:
        return _error(
            400,
            "ProtocolNotSupported",
            f"The protocol is not supported. Supported values are '{','.join(served)}'.",
        )
    return _answer(200, {"Protocol": name, "Url": served[name]})


def refuse(fault: Fault, _stamp: Stamp) -> Answer:
    """Write an error; clients look at the HTTP status first (5.2)."""
    return _error(fault.json, *_CODES.get(fault, (fault.soap, fault.message)))


def protocols(endpoints: Endpoints) -> dict[str, str]:
    """Protocol names, as they are spelled in answers, and URLs: what is really served and nothing else."""
    urls = (endpoints.activesync, endpoints.autodiscover, endpoints.ews)
    return {name: url for name, url in zip(_NAMES.values(), urls, strict=True) if url}


def _hops(text: str) -> int:
    """What is no number counts as too many: a loop through somebody who garbles it must end too."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 3 else MAXIMUM_HOPS


def _elsewhere(enquiry: Enquiry, redirect: UrlRedirect) -> Answer:
    if enquiry.hops >= MAXIMUM_HOPS:
        return _error(400, "TooManyRedirects", "The request was redirected too often.")
    query = urlencode(
        {
            "Email": enquiry.address,
            "Protocol": _NAMES.get(enquiry.form) or re.sub(r"[^a-z0-9]", "", enquiry.form),
            "RedirectCount": enquiry.hops + 1,
        }
    )
    return Answer(302, MEDIA_TYPE, b"", f"{redirect.ending('.json')}?{query}")


def _error(status: int, code: str, message: str) -> Answer:
    return _answer(status, {"ErrorCode": code, "ErrorMessage": message})


def _answer(status: int, document: Mapping[str, str]) -> Answer:
    return Answer(status, MEDIA_TYPE, json.dumps(document, separators=(",", ":")).encode("ascii"))

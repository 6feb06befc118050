"""POX: plain old XML at ``/autodiscover/autodiscover.xml`` (MS-OXDSCLI, MS-ASCMD, spec/autodiscover.md 2, 3).

One envelope for two schemas; the client names the one it can read. Elements are found by name, in any
order and under any namespace, because clients in use differ in both. Every answer is HTTP 200 with a
body, also an error: another status makes a client try the next address. The exception is a redirect to a
URL for an ActiveSync client, whose schema has no element for it: a plain 302.
"""

from autodiscover import mobilesync, outlook
from autodiscover.composition import MOBILESYNC, OUTLOOK, choose
from autodiscover.errors import DiscoveryError, Fault
from autodiscover.model import (
    AddressRedirect,
    Answer,
    Asker,
    Audience,
    Enquiry,
    Mailbox,
    NotFound,
    Outcome,
    Question,
    Request,
    Site,
    Stamp,
    UrlRedirect,
)
from autodiscover.xmltext import Element, parse, serialize

ENVELOPE = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"
MEDIA_TYPE = "text/xml; charset=utf-8"
"""To the letter: some clients compare the header as a string (R4)."""

PATH = "/autodiscover/autodiscover.xml"
NAME = "pox"
AUDIENCE = Audience.SIGNED
METHODS: tuple[str, ...] = ("GET", "HEAD", "POST")
HEADERS: tuple[tuple[str, str], ...] = (("X-SOAP-Enabled", "True"),)
"""The EWS libraries look for it on an anonymous GET and ask by SOAP only where it is (R3)."""


def matches(path: str) -> bool:
    """Whether POX is spoken at this path; clients write it in four spellings of case (R10)."""
    return path.lower() == PATH


def read(request: Request) -> Enquiry:
    """Read a POX request.

    Raises:
        DiscoveryError: 600 for what is no such request, a GET included, 601 for a schema that is not spoken.
    """
    if request.method != "POST":
        raise DiscoveryError(Fault.INVALID_REQUEST, "nothing was posted")
    root = parse(request.body)
    requests = root.findall("Request")
    if root.name != "Autodiscover" or len(requests) != 1:
        raise DiscoveryError(Fault.INVALID_REQUEST, "not exactly one Request")
    schema = _single(requests[0], "AcceptableResponseSchema")
    if schema not in (OUTLOOK, MOBILESYNC):
        raise DiscoveryError(Fault.NO_PROVIDER, "unknown schema")
    legacy_dn = _single(requests[0], "LegacyDN") if schema == OUTLOOK else ""
    question = Question(_single(requests[0], "EMailAddress"), legacy_dn)
    if not question.address and not question.legacy_dn:
        raise DiscoveryError(Fault.INVALID_REQUEST, "no address")
    return Enquiry(schema, (question,))


def write(enquiry: Enquiry, outcomes: tuple[Outcome, ...], asker: Asker, stamp: Stamp) -> Answer:
    """Write what was found: there is one question and one outcome."""
    outcome = outcomes[0]
    if isinstance(outcome, Site):
        return refuse(Fault.UNKNOWN_MAILBOX, stamp)
    if enquiry.form == MOBILESYNC:
        if isinstance(outcome, UrlRedirect):
            return Answer(302, MEDIA_TYPE, b"", outcome.ending(".xml"))
        return _answer(mobilesync.compose(enquiry.questions[0], outcome))
    match outcome:
        case AddressRedirect() | UrlRedirect():
            return _answer(outlook.redirect(outcome))
        case Mailbox():
            offer = choose(enquiry.form, asker, outcome.endpoints)
            if offer is not None:
                return _answer(outlook.compose(outcome, offer, asker))
        case NotFound():
            pass
    return refuse(Fault.UNKNOWN_MAILBOX, stamp)


def refuse(fault: Fault, stamp: Stamp) -> Answer:
    """Write an error: Response stays in the envelope's namespace (spec/autodiscover.md 2.3)."""
    parts = (("ErrorCode", str(fault.pox)), ("Message", fault.message))
    leaves = (*(Element(name, ENVELOPE, (text,)) for name, text in parts), Element("DebugData", ENVELOPE))
    marks = (("Time", f"{stamp.at:%H:%M:%S.%f}0"), ("Id", str(stamp.server)))
    return _answer(Element("Response", ENVELOPE, (Element("Error", ENVELOPE, leaves, marks),)))


def _single(request: Element, name: str) -> str:
    found = request.findall(name)
    if len(found) > 1:
        raise DiscoveryError(Fault.INVALID_REQUEST, f"more than one {name}")
    return found[0].text if found else ""


def _answer(response: Element) -> Answer:
    return Answer(200, MEDIA_TYPE, serialize(Element("Autodiscover", ENVELOPE, (response,))))

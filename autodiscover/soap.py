"""SOAP at ``/autodiscover/autodiscover.svc`` (MS-OXWSADISC, spec/autodiscover.md 4).

SOAP 1.1 with WS-Addressing. The body's first element says which operation is meant: SOAPAction is mostly
absent, and Action only repeats it. What is wrong with one user, domain or setting is a code beside the
others' answers; what is no request at all is a fault with HTTP 500, the only status under which the EWS
libraries read one. The WS-Security paths are neither served nor advertised.
"""

from collections.abc import Iterable

from autodiscover.errors import DiscoveryError, Fault
from autodiscover.model import (
    AddressRedirect,
    Answer,
    Asker,
    Audience,
    Enquiry,
    Mailbox,
    Outcome,
    Question,
    Request,
    Site,
    Stamp,
    UrlRedirect,
)
from autodiscover.soap_settings import CAS_VERSION, NAMESPACE, SERVER_VERSION, leaf, node, settings
from autodiscover.xmltext import Element, parse, serialize

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
ADDRESSING = "http://www.w3.org/2005/08/addressing"
INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
FAULT_ACTION = ADDRESSING + "/soap/fault"
MEDIA_TYPE = "text/xml; charset=utf-8"

PATH = "/autodiscover/autodiscover.svc"
NAME = "soap"
AUDIENCE = Audience.SIGNED
METHODS: tuple[str, ...] = ("POST",)
HEADERS: tuple[tuple[str, str], ...] = ()

MAXIMUM_USERS = 100
"""Users or domains in a request, as many as Exchange takes; each costs a few reads of the directory."""

MAXIMUM_SETTINGS = 200
"""Names in a request, repetitions counted: all that there are is about a hundred."""

MAXIMUM_ANSWERS = 2_500
"""Users times distinct settings: writing one takes 13 us of the event loop. Who asks for all may name
24 users, who names 100 may ask for 25 settings."""

MAXIMUM_NAME = 64
"""Characters of a setting's name; the longest has 45, and what is not known is echoed."""

MAXIMUM_MESSAGE_ID = 256
"""Characters of a MessageID, which is echoed; a ``urn:uuid:`` has 45."""

USERS, DOMAINS, FEDERATION = "GetUserSettings", "GetDomainSettings", "GetFederationInformation"

_UNDERSTOOD = frozenset({"Action", "To", "MessageID", "ReplyTo", "From", "FaultTo", "RequestedServerVersion"})
_NIL = (("i:nil", "true"),)
_FAULT_CODES = {Fault.INTERNAL: "s:Server", Fault.NOT_UNDERSTOOD: "s:MustUnderstand"}
_SAID = {"NoError": "No error.", "InvalidUser": "The user is not found."}


def matches(path: str) -> bool:
    """Whether SOAP is spoken at this path, in any case (R10)."""
    return path.lower() == PATH


def read(request: Request) -> Enquiry:
    """Read a SOAP request. What names nobody or too many has no question, and is answered by its code.

    Raises:
        DiscoveryError: it is no envelope with an operation that is served.
    """
    root = parse(request.body)
    bodies = root.findall("Body")
    if root.name != "Envelope" or len(bodies) != 1:
        raise _refusal("no envelope with one body")
    headers = _header_blocks(root)
    asked = [child for child in bodies[0].children if isinstance(child, Element)]
    if len(asked) != 1:
        raise _refusal("not exactly one operation")
    operation = asked[0].name.removesuffix("RequestMessage")
    if operation not in (USERS, DOMAINS, FEDERATION) or operation == asked[0].name:
        raise _refusal("an operation that is not served")
    message_id = next((block.text for block in headers if block.name == "MessageID"), "")
    if len(message_id) > MAXIMUM_MESSAGE_ID:
        raise _refusal("a MessageID too long")
    questions, wanted = _asked(operation, asked[0])
    return Enquiry(operation, questions, wanted, message_id)


def write(enquiry: Enquiry, outcomes: tuple[Outcome, ...], asker: Asker, stamp: Stamp) -> Answer:  # noqa: ARG001 - one answer suits all SOAP clients
    """Write what was found, one UserResponse or DomainResponse for each question."""
    if enquiry.form == FEDERATION:
        response = _response(
            "NotFederated",
            "The organization is not federated.",
            Element("ApplicationUri", NAMESPACE, (), _NIL),
            node("TokenIssuers"),
            node("Domains"),
        )
    elif not enquiry.questions or not enquiry.wanted:
        response = _response("InvalidRequest", "No user, no setting, or too many of them.")
    elif enquiry.form == USERS:
        found = (_user(outcome, enquiry.wanted) for outcome in outcomes)
        response = _response("NoError", "", node("UserResponses", *found))
    else:
        found = (_domain(outcome, enquiry.wanted) for outcome in outcomes)
        response = _response("NoError", "", node("DomainResponses", *found))
    message = node(f"{enquiry.form}ResponseMessage", response)
    action = f"{NAMESPACE}/Autodiscover/{enquiry.form}Response"
    return _envelope(200, action, message, enquiry.message_id)


def refuse(fault: Fault, stamp: Stamp) -> Answer:  # noqa: ARG001 - a fault carries no time
    """Write a fault: the client's or ours."""
    said = (("faultcode", _FAULT_CODES.get(fault, "s:Client")), ("faultstring", fault.message))
    detail = Element("detail", "", (leaf("ErrorCode", fault.soap),))
    parts = (*(Element(name, "", (text,)) for name, text in said), detail)
    return _envelope(500, FAULT_ACTION, Element("Fault", ENVELOPE, parts))


def _header_blocks(root: Element) -> tuple[Element, ...]:
    """The header blocks, none of which may insist on being understood when it is not (SOAP 1.1, 4.2.3)."""
    blocks = [
        block for head in root.findall("Header") for block in head.children if isinstance(block, Element)
    ]
    for block in blocks:
        insists = dict(block.attributes).get(f"{{{ENVELOPE}}}mustUnderstand") in ("1", "true")
        if insists and block.name not in _UNDERSTOOD:
            raise DiscoveryError(Fault.NOT_UNDERSTOOD)
    return tuple(blocks)


def _asked(operation: str, message: Element) -> tuple[tuple[Question, ...], tuple[str, ...]]:
    """Questions and names of settings; none of both when there are too many of either."""
    requests = message.findall("Request")
    if len(requests) != 1:
        raise _refusal("not exactly one Request")
    wanted = _texts(requests, "RequestedSettings", "Setting")
    if any(len(name) > MAXIMUM_NAME for name in wanted):
        raise _refusal("a setting's name too long")
    if operation == USERS:
        questions = tuple(Question(address) for address in _texts(requests, "Users", "User", "Mailbox"))
    else:
        questions = tuple(Question(domain=name or "-") for name in _texts(requests, "Domains", "Domain"))
    if len(questions) > MAXIMUM_USERS or len(wanted) > MAXIMUM_SETTINGS:
        return (), ()
    if len(questions) * len(set(wanted)) > MAXIMUM_ANSWERS:
        return (), ()
    return () if operation == FEDERATION else questions, wanted


def _texts(elements: tuple[Element, ...], *path: str) -> tuple[str, ...]:
    for name in path:
        elements = tuple(child for element in elements for child in element.findall(name))
    return tuple(element.text for element in elements)


def _user(outcome: Outcome, wanted: tuple[str, ...]) -> Element:
    code, target = _verdict(outcome)
    errors, found = node("UserSettingErrors"), node("UserSettings")
    if isinstance(outcome, Mailbox):
        errors, found = settings(wanted, outcome)
    return node("UserResponse", *_coded(code), _target(target), errors, found)


def _domain(outcome: Outcome, wanted: tuple[str, ...]) -> Element:
    """MS-OXWSADISC knows two settings of a domain; any other is none."""
    code, target = _verdict(outcome)
    values: dict[str, str | None] = {}
    if isinstance(outcome, Site):
        ews = outcome.endpoints.ews
        version = CAS_VERSION if ews is not None else None
        values = {"ExternalEwsUrl": ews, "ExternalEwsVersion": version}
    names = tuple(dict.fromkeys(wanted)) if isinstance(outcome, Site) else ()
    errors = (_domain_error(name, known=name in values) for name in names if values.get(name) is None)
    found = (_domain_setting(name, text) for name in names if (text := values.get(name)) is not None)
    return node(
        "DomainResponse",
        *_coded("InvalidDomain" if code == "InvalidUser" else code),
        node("DomainSettingErrors", *errors),
        node("DomainSettings", *found),
        _target(target),
    )


def _domain_error(name: str, *, known: bool) -> Element:
    code = "SettingIsNotAvailable" if known else "InvalidSetting"
    return node("DomainSettingError", *_coded(code), leaf("SettingName", name))


def _domain_setting(name: str, text: str) -> Element:
    children = (leaf("Name", name), leaf("Value", text))
    return Element("DomainSetting", NAMESPACE, children, (("i:type", "DomainStringSetting"),))


def _verdict(outcome: Outcome) -> tuple[str, str]:
    match outcome:
        case Mailbox() | Site():
            return "NoError", ""
        case AddressRedirect(address):
            return "RedirectAddress", address
        case UrlRedirect():
            return "RedirectUrl", outcome.ending(".svc")
        case _:
            return "InvalidUser", ""


def _target(text: str) -> Element:
    return leaf("RedirectTarget", text) if text else Element("RedirectTarget", NAMESPACE, (), _NIL)


def _coded(code: str, message: str = "") -> tuple[Element, Element]:
    return leaf("ErrorCode", code), leaf("ErrorMessage", message or _SAID.get(code, f"{code}."))


def _response(code: str, message: str, *further: Element) -> Element:
    return node("Response", *_coded(code, message), *further)


def _envelope(status: int, action: str, body: Element, message_id: str = "") -> Answer:
    blocks: Iterable[Element] = (
        Element("Action", ADDRESSING, (action,), (("s:mustUnderstand", "1"),)),
        *((Element("RelatesTo", ADDRESSING, (message_id,)),) if message_id else ()),
        _VERSION_INFO,
    )
    parts = (Element("Header", ENVELOPE, tuple(blocks)), Element("Body", ENVELOPE, (body,)))
    prefixes = (("xmlns:s", ENVELOPE), ("xmlns:i", INSTANCE))
    return Answer(status, MEDIA_TYPE, serialize(Element("Envelope", ENVELOPE, parts, prefixes)))


def _refusal(reason: str) -> DiscoveryError:
    return DiscoveryError(Fault.INVALID_REQUEST, reason)


_VERSION_INFO = node(
    "ServerVersionInfo",
    *(
        leaf(name, str(number))
        for name, number in zip(
            ("MajorVersion", "MinorVersion", "MajorBuildNumber", "MinorBuildNumber"),
            SERVER_VERSION,
            strict=True,
        )
    ),
    leaf("Version", "Exchange2013_SP1"),
)

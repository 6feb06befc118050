"""Shapes of XML answers, written from the specification: order, number, namespace and values of elements.

An answer is parsed by the standard library's own parser, not by the product's, and held against a ``Shape``.
Sources: spec/autodiscover.md 2.3 to 2.8 (MS-OXDSCLI), 3 (MS-ASCMD's schemas), 4.1 and 4.2 (MS-OXWSADISC).
"""

import re
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

MANY = 10_000
URL = r"https://[^\s<>]+"
ADDRESS = r"\S+@\S+"
TEXT = r"(?s).+"
ON_OFF = r"on|off"


@dataclass(frozen=True)
class Shape:
    """One element.

    Attributes:
        name: with its namespace, as ``{uri}local``.
        parts: its children in order.
        text: pattern of the whole text; None for an element without any.
        attributes: name to pattern; each must be there, and no other but those of ``may``.
    """

    name: str
    parts: tuple["Part", ...] = ()
    text: str | None = None
    attributes: dict[str, str] = field(default_factory=dict)
    may: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Part:
    """Between ``low`` and ``high`` neighbouring children, each of one of these shapes."""

    options: tuple[Shape, ...]
    low: int = 1
    high: int = 1


@dataclass(frozen=True)
class Words:
    """Makes shapes of one namespace."""

    uri: str

    def leaf(self, name: str, text: str = TEXT, **attributes: str) -> Shape:
        return Shape(f"{{{self.uri}}}{name}", text=text, attributes=attributes)

    def node(self, name: str, *parts: Part | Shape, **attributes: str) -> Shape:
        made = tuple(part if isinstance(part, Part) else Part((part,)) for part in parts)
        return Shape(f"{{{self.uri}}}{name}", made, attributes=attributes)


def maybe(*options: Shape) -> Part:
    return Part(options, low=0)


def some(*options: Shape) -> Part:
    return Part(options, high=MANY)


def any_number(*options: Shape) -> Part:
    return Part(options, low=0, high=MANY)


def one_of(*options: Shape) -> Part:
    return Part(options)


def read(document: bytes) -> ET.Element:
    """Parse an answer; it begins with a declaration (R4)."""
    assert document.startswith(b"<?xml version="), document[:40]
    return ET.fromstring(document)  # noqa: S314 - what we wrote ourselves


def check(element: ET.Element, *shapes: Shape) -> None:
    """Hold an element against the shapes, any of which will do; AssertionError with all that was wrong."""
    faults = ["; ".join(_faults(element, shape, element.tag)) for shape in shapes]
    assert not all(faults), "\nor ".join(faults)


def _faults(element: ET.Element, shape: Shape, path: str) -> list[str]:
    if element.tag != shape.name:
        return [f"{path} is no {shape.name}"]
    found = [*_wrong_attributes(element, shape, path), *_wrong_text(element, shape, path)]
    children = list(element)
    for part in shape.parts:
        taken = _taken(children, part)
        if not part.low <= len(taken) <= part.high:
            names = "|".join(option.name for option in part.options)
            found.append(f"{path} has {len(taken)} of {names}")
        for child in taken:
            found += _nearest(child, part, f"{path}/{child.tag.rpartition('}')[2]}")
        children = children[len(taken) :]
    return found + [f"{path} must not have {child.tag} there" for child in children]


def _taken(children: list[ET.Element], part: Part) -> list[ET.Element]:
    names = {option.name for option in part.options}
    count = next((index for index, child in enumerate(children) if child.tag not in names), len(children))
    return children[: min(count, part.high)]


def _nearest(child: ET.Element, part: Part, path: str) -> list[str]:
    return min((_faults(child, option, path) for option in part.options if option.name == child.tag), key=len)


def _wrong_attributes(element: ET.Element, shape: Shape, path: str) -> list[str]:
    allowed = {**shape.attributes, **shape.may}
    found = [f"{path} lacks {name}" for name in shape.attributes if name not in element.attrib]
    for name, value in element.attrib.items():
        if name not in allowed or re.fullmatch(allowed[name], value) is None:
            found.append(f"{path} has {name}={value!r}")
    return found


def _wrong_text(element: ET.Element, shape: Shape, path: str) -> list[str]:
    text = (element.text or "") + "".join(child.tail or "" for child in element)
    if shape.text is None:
        return [f"{path} has the text {text!r}"] if text else []
    return [] if re.fullmatch(shape.text, text) else [f"{path} has the text {text!r}"]


_ENVELOPE = Words("http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006")
_OUTLOOK = Words("http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a")
_MOBILE = Words("http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006")

_URLS = (
    _OUTLOOK.leaf("ASUrl", URL),
    _OUTLOOK.leaf("EwsUrl", URL),
    _OUTLOOK.leaf("OOFUrl", URL),
    maybe(_OUTLOOK.leaf("OABUrl", URL + "/")),
)
_INSIDE = _OUTLOOK.node("Protocol", _OUTLOOK.leaf("Type", "EXCH"), _OUTLOOK.leaf("Server"), *_URLS)
_OUTSIDE = _OUTLOOK.node(
    "Protocol",
    _OUTLOOK.leaf("Type", "EXPR|EXHTTP"),
    _OUTLOOK.leaf("Server"),
    _OUTLOOK.leaf("SSL", "on"),
    _OUTLOOK.leaf("CertPrincipalName", "None"),
    _OUTLOOK.leaf("AuthPackage", "basic"),
    *_URLS,
)
_STORES = (_OUTLOOK.leaf("InternalUrl", URL), _OUTLOOK.leaf("ExternalUrl", URL))
_MAPI = _OUTLOOK.node(
    "Protocol",
    _OUTLOOK.node("MailStore", *_STORES),
    maybe(_OUTLOOK.node("AddressBook", *_STORES)),
    Type="mapiHttp",
    Version="1",
)
_WEB = _OUTLOOK.node(
    "Protocol",
    _OUTLOOK.leaf("Type", "WEB"),
    _OUTLOOK.node(
        "External",
        _OUTLOOK.leaf("OWAUrl", URL, AuthenticationMethod="Basic, Fba"),
        maybe(_OUTLOOK.node("Protocol", _OUTLOOK.leaf("Type", "EXPR"), _OUTLOOK.leaf("ASUrl", URL))),
    ),
)
_MAIL = _OUTLOOK.node(
    "Protocol",
    _OUTLOOK.leaf("Type", "IMAP|POP3|SMTP"),
    _OUTLOOK.leaf("Server", r"[^\s:/]+"),
    _OUTLOOK.leaf("Port", r"\d+"),
    _OUTLOOK.leaf("LoginName", ADDRESS),
    _OUTLOOK.leaf("DomainRequired", "off"),
    _OUTLOOK.leaf("SPA", "off"),
    _OUTLOOK.leaf("SSL", ON_OFF),
    _OUTLOOK.leaf("Encryption", "None|SSL|TLS"),
    _OUTLOOK.leaf("AuthRequired", "on"),
)
_DAV = _OUTLOOK.node(
    "Protocol",
    _OUTLOOK.leaf("Type", "CalDAV|CardDAV"),
    _OUTLOOK.leaf("Server", URL),
    _OUTLOOK.leaf("LoginName", ADDRESS),
    _OUTLOOK.leaf("DomainRequired", "off"),
    _OUTLOOK.leaf("SPA", "off"),
    _OUTLOOK.leaf("SSL", "on"),
    _OUTLOOK.leaf("AuthRequired", "on"),
)
_DELEGATE = _OUTLOOK.node(
    "AlternativeMailbox",
    _OUTLOOK.leaf("Type", "Delegate"),
    _OUTLOOK.leaf("DisplayName"),
    _OUTLOOK.leaf("SmtpAddress", ADDRESS),
    _OUTLOOK.leaf("OwnerSmtpAddress", ADDRESS),
)
_EMAIL = _OUTLOOK.leaf("AccountType", "email")
_USER = _OUTLOOK.node(
    "User",
    _OUTLOOK.leaf("DisplayName"),
    _OUTLOOK.leaf("AutoDiscoverSMTPAddress", ADDRESS),
    maybe(_OUTLOOK.leaf("DeploymentId", r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")),
)
_SETTINGS = _OUTLOOK.node(
    "Account",
    _EMAIL,
    _OUTLOOK.leaf("Action", "settings"),
    _OUTLOOK.leaf("MicrosoftOnline", "False"),
    some(_INSIDE, _OUTSIDE, _MAPI, _WEB, _MAIL, _DAV),
    any_number(_DELEGATE),
)
_TO_ADDRESS = _OUTLOOK.node(
    "Account", _EMAIL, _OUTLOOK.leaf("Action", "redirectAddr"), _OUTLOOK.leaf("RedirectAddr", ADDRESS)
)
_TO_URL = _OUTLOOK.node(
    "Account",
    _EMAIL,
    _OUTLOOK.leaf("Action", "redirectUrl"),
    _OUTLOOK.leaf("RedirectUrl", URL + r"(?i:/autodiscover\.xml)"),
)

POX_ERROR = _ENVELOPE.node(
    "Autodiscover",
    _ENVELOPE.node(
        "Response",
        _ENVELOPE.node(
            "Error",
            _ENVELOPE.leaf("ErrorCode", "500|501|600|601|602|603"),
            _ENVELOPE.leaf("Message"),
            _ENVELOPE.leaf("DebugData", ""),
            Time=r"\d\d:\d\d:\d\d\.\d{7}",
            Id=r"\d+",
        ),
    ),
)
OUTLOOK_SETTINGS = _ENVELOPE.node("Autodiscover", _OUTLOOK.node("Response", _USER, _SETTINGS))
OUTLOOK_REDIRECT = _ENVELOPE.node("Autodiscover", _OUTLOOK.node("Response", one_of(_TO_ADDRESS, _TO_URL)))

_SERVER = _MOBILE.node(
    "Server", _MOBILE.leaf("Type", "MobileSync"), _MOBILE.leaf("Url", URL), _MOBILE.leaf("Name", URL)
)
MOBILESYNC = _ENVELOPE.node(
    "Autodiscover",
    _MOBILE.node(
        "Response",
        _MOBILE.leaf("Culture", "en:us"),
        maybe(_MOBILE.node("User", maybe(_MOBILE.leaf("DisplayName")), _MOBILE.leaf("EMailAddress"))),
        _MOBILE.node(
            "Action",
            one_of(
                _MOBILE.node("Settings", _SERVER),
                _MOBILE.leaf("Redirect", ADDRESS),
                _MOBILE.node(
                    "Error", _MOBILE.leaf("Status", "2"), _MOBILE.leaf("Message"), _MOBILE.leaf("DebugData")
                ),
            ),
        ),
    ),
)

_SOAP = Words("http://schemas.xmlsoap.org/soap/envelope/")
_ADDRESSING = Words("http://www.w3.org/2005/08/addressing")
_SERVICE = Words("http://schemas.microsoft.com/exchange/2010/Autodiscover")
_INSTANCE = "{http://www.w3.org/2001/XMLSchema-instance}"
_CODES = "NoError|RedirectAddress|RedirectUrl|InvalidUser|InvalidDomain"
_CODED = (_SERVICE.leaf("ErrorCode", _CODES), _SERVICE.leaf("ErrorMessage"))


def _typed(name: str, kind: str, *parts: Shape) -> Shape:
    made = tuple(Part((part,)) for part in parts)
    return Shape(f"{{{_SERVICE.uri}}}{name}", made, attributes={f"{_INSTANCE}type": kind})


def _nil(name: str) -> Shape:
    return Shape(f"{{{_SERVICE.uri}}}{name}", attributes={f"{_INSTANCE}nil": "true"})


def _errors(name: str) -> Shape:
    error = _SERVICE.node(
        name,
        _SERVICE.leaf("ErrorCode", "InvalidSetting|SettingIsNotAvailable"),
        _SERVICE.leaf("ErrorMessage"),
        _SERVICE.leaf("SettingName", r"(?s).*"),
    )
    return _SERVICE.node(name + "s", any_number(error))


_NAME = _SERVICE.leaf("Name", r"\w+")
_CONNECTION = _SERVICE.node(
    "ProtocolConnection",
    _SERVICE.leaf("Hostname"),
    _SERVICE.leaf("Port", r"\d+"),
    _SERVICE.leaf("EncryptionMethod", "None|SSL|TLS"),
)
_WEB_CLIENT = _SERVICE.node("WebClientUrl", _SERVICE.leaf("AuthenticationMethods"), _SERVICE.leaf("Url", URL))
_ALTERNATE = _SERVICE.node(
    "AlternateMailbox",
    _SERVICE.leaf("Type", "Delegate"),
    _SERVICE.leaf("DisplayName"),
    _SERVICE.leaf("SmtpAddress", ADDRESS),
    _SERVICE.leaf("OwnerSmtpAddress", ADDRESS),
)
_USER_SETTINGS = (
    _typed("UserSetting", "StringSetting", _NAME, _SERVICE.leaf("Value")),
    _typed(
        "UserSetting",
        "ProtocolConnectionCollectionSetting",
        _NAME,
        _SERVICE.node("ProtocolConnections", some(_CONNECTION)),
    ),
    _typed(
        "UserSetting",
        "WebClientUrlCollectionSetting",
        _NAME,
        _SERVICE.node("WebClientUrls", some(_WEB_CLIENT)),
    ),
    _typed(
        "UserSetting",
        "AlternateMailboxCollectionSetting",
        _NAME,
        _SERVICE.node("AlternateMailboxes", any_number(_ALTERNATE)),
    ),
)
_TARGET = one_of(_nil("RedirectTarget"), _SERVICE.leaf("RedirectTarget", rf"{ADDRESS}|{URL}\.svc"))
_USER_RESPONSE = _SERVICE.node(
    "UserResponse",
    *_CODED,
    _TARGET,
    _errors("UserSettingError"),
    _SERVICE.node("UserSettings", any_number(*_USER_SETTINGS)),
)
_DOMAIN_RESPONSE = _SERVICE.node(
    "DomainResponse",
    *_CODED,
    _errors("DomainSettingError"),
    _SERVICE.node(
        "DomainSettings",
        any_number(_typed("DomainSetting", "DomainStringSetting", _NAME, _SERVICE.leaf("Value"))),
    ),
    _TARGET,
)


def _message(operation: str, *parts: Part | Shape, code: str = "NoError") -> Shape:
    coded = (_SERVICE.leaf("ErrorCode", code), _SERVICE.leaf("ErrorMessage"))
    response = _SERVICE.node("Response", *coded, *parts)
    return _SERVICE.node(f"{operation}ResponseMessage", response)


def _envelope(action: str, *bodies: Shape) -> Shape:
    numbers = ("MajorVersion", "MinorVersion", "MajorBuildNumber", "MinorBuildNumber")
    version = (*(_SERVICE.leaf(name, r"\d+") for name in numbers), _SERVICE.leaf("Version"))
    must = {f"{{{_SOAP.uri}}}mustUnderstand": "1"}
    header = _SOAP.node(
        "Header",
        Shape(f"{{{_ADDRESSING.uri}}}Action", text=re.escape(action), attributes=must),
        maybe(_ADDRESSING.leaf("RelatesTo", r"(?s).*")),
        _SERVICE.node("ServerVersionInfo", *version),
    )
    return _SOAP.node("Envelope", header, _SOAP.node("Body", one_of(*bodies)))


def _answer(operation: str, *parts: Part | Shape) -> Shape:
    bodies = (_message(operation, *parts), _message(operation, code="InvalidRequest"))
    return _envelope(f"{_SERVICE.uri}/Autodiscover/{operation}Response", *bodies)


SOAP_USERS = _answer("GetUserSettings", _SERVICE.node("UserResponses", some(_USER_RESPONSE)))
SOAP_DOMAINS = _answer("GetDomainSettings", _SERVICE.node("DomainResponses", some(_DOMAIN_RESPONSE)))
SOAP_FEDERATION = _envelope(
    f"{_SERVICE.uri}/Autodiscover/GetFederationInformationResponse",
    _message(
        "GetFederationInformation",
        _nil("ApplicationUri"),
        _SERVICE.node("TokenIssuers"),
        _SERVICE.node("Domains"),
        code="NotFederated",
    ),
)
_FAULT_DETAIL = Shape("detail", (Part((_SERVICE.leaf("ErrorCode"),)),))
SOAP_FAULT = _envelope(
    f"{_ADDRESSING.uri}/soap/fault",
    _SOAP.node(
        "Fault",
        Shape("faultcode", text="s:(Client|Server|MustUnderstand)"),
        Shape("faultstring", text=TEXT),
        _FAULT_DETAIL,
    ),
)
SOAP = (SOAP_USERS, SOAP_DOMAINS, SOAP_FEDERATION, SOAP_FAULT)

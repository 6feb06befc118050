"""What is sent for each question (spec/autodiscover.md 2 to 6, 8): one row for each ``Ask``.

The doctor sends what the clients send, and names itself behind the client's own User-Agent, because servers
choose the answer by it (2.9). The password is no part of a row: it is added where it may be sent.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import quote

from autodiscover.xmltext import Element, serialize
from gateway.doctor.observations import Ask
from gateway.phone import discovery

NAME = "Usher-Doctor/1.0"
OUTLOOK_AGENT = f"Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17726; Pro) {NAME}"
EWS_AGENT = f"Thunderbird/153.0 {NAME}"
XML, SVC, JSON = (
    "/autodiscover/autodiscover.xml",
    "/autodiscover/autodiscover.svc",
    "/autodiscover/autodiscover.json",
)
ACTIVESYNC = "/Microsoft-Server-ActiveSync"
CONFIG_PATHS = ("/mail/config-v1.1.xml", "/.well-known/autoconfig/mail/config-v1.1.xml")
PACC = "/.well-known/user-agent-configuration.json"
PROBE_MAILBOX = "DUMMY@example.com"
"""The mailbox that exchangelib's anonymous probe names."""

_OUTLOOK = "http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"
_OUTLOOK_ANSWER = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"
_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_SERVICE = "http://schemas.microsoft.com/exchange/2010/Autodiscover"
_ADDRESSING = "http://www.w3.org/2005/08/addressing"
_SETTINGS = ("AutoDiscoverSMTPAddress", "ExternalEwsUrl", "InternalEwsUrl")
_TEXT_XML = "text/xml; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Request:
    """One request, without the host and without the password."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def request(ask: Ask, address: str, path: str = "") -> Request:
    """The request for a question; ``path`` replaces the usual one."""
    method, usual, agent, body = _row(ask, address)
    headers = {"User-Agent": agent, "Accept": "*/*"}
    if body:
        headers["Content-Type"] = _TEXT_XML
    if ask is Ask.OUTLOOK:
        headers["X-MapiHttpCapability"] = "1"
    return Request(method, path or usual, MappingProxyType(headers), body)


def _row(ask: Ask, address: str) -> tuple[str, str, str, bytes]:
    if ask in _POSTS:
        path, agent, body = _POSTS[ask]
        return "POST", path, agent, body(PROBE_MAILBOX if ask is Ask.SVC_POST else address)
    if ask in (Ask.CONFIG, Ask.CONFIG_BARE):
        query = f"?emailaddress={quote(address)}" if ask is Ask.CONFIG else ""
        return "GET", CONFIG_PATHS[0] + query, NAME, b""
    path = _GETS.get(ask) or _json(ask, address)
    return "GET", path, NAME if ask in _GETS else OUTLOOK_AGENT, b""


def _json(ask: Ask, address: str) -> str:
    if ask is Ask.JSON_PATH:
        return f"{JSON}/v1.0/{quote(address, safe='@')}?Protocol=Autodiscoverv1&RedirectCount=1"
    protocol = {Ask.JSON_MOBILE: "ActiveSync", Ask.JSON_EWS: "EWS"}.get(ask, "Autodiscoverv1")
    return f"{JSON}?Email={quote(address)}&Protocol={protocol}&RedirectCount=1"


def outlook(address: str) -> bytes:
    """The POX request of the outlook schema."""
    wanted = Element(
        "Request",
        _OUTLOOK,
        (
            Element("EMailAddress", _OUTLOOK, (address,)),
            Element("AcceptableResponseSchema", _OUTLOOK, (_OUTLOOK_ANSWER,)),
        ),
    )
    return serialize(Element("Autodiscover", _OUTLOOK, (wanted,)))


def soap(address: str) -> bytes:
    """GetUserSettings for one mailbox, with the settings that decide."""
    user = _service("User", _service("Mailbox", address))
    settings = _service("RequestedSettings", *(_service("Setting", name) for name in _SETTINGS))
    message = _service(
        "GetUserSettingsRequestMessage", _service("Request", _service("Users", user), settings)
    )
    header = Element(
        "Header",
        _SOAP,
        (
            _service("RequestedServerVersion", "Exchange2013"),
            Element("Action", _ADDRESSING, (f"{_SERVICE}/Autodiscover/GetUserSettings",)),
        ),
    )
    return serialize(Element("Envelope", _SOAP, (header, Element("Body", _SOAP, (message,)))))


def _service(name: str, *children: Element | str) -> Element:
    return Element(name, _SERVICE, children)


_GETS = {Ask.XML_GET: XML, Ask.SVC_GET: SVC, Ask.PACC: PACC}
_POSTS: Mapping[Ask, tuple[str, str, Callable[[str], bytes]]] = {
    Ask.XML_POST: (XML, NAME, discovery.request),
    Ask.PLAIN_POST: (XML, NAME, discovery.request),
    Ask.MIXED_POST: ("/AutoDiscover/AutoDiscover.xml", NAME, discovery.request),
    Ask.MOBILE: (XML, NAME, discovery.request),
    Ask.OUTLOOK: (XML, OUTLOOK_AGENT, outlook),
    Ask.EWS_XML: (XML, EWS_AGENT, outlook),
    Ask.SVC_POST: (SVC, NAME, soap),
    Ask.SETTINGS: (SVC, NAME, soap),
}

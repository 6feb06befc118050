"""What a client reads in an answer: POX, SOAP, JSON and autoconfig (spec/autodiscover.md 2 to 8).

Lenient as clients are. What a strict client would stumble over is listed as a remark: the code of a finding
and its facts.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from autodiscover.errors import DiscoveryError
from autodiscover.xmltext import Element, parse
from gateway.doctor.observations import Ask, Page

XML_TYPES = frozenset({"text/xml", "application/xml", "text/rdf"})
HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
RESPONSE_SCHEMA = "schemas.microsoft.com/exchange/autodiscover/responseschema/2006"
_KNOWN_TYPES = frozenset({"EXCH", "EXPR", "WEB"})

Remark = tuple[str, MappingProxyType[str, str]]


@dataclass(frozen=True, slots=True)
class Said:
    """An answer, understood.

    Attributes:
        kind: ``settings``, ``redirect``, ``error``, or empty for no answer of the format.
        types: protocol types. urls: addresses named. hosts: servers named, of the URLs too.
        error: the code of an error, or the target of a redirect inside the answer.
    """

    kind: str = ""
    types: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    hosts: frozenset[str] = frozenset()
    error: str = ""
    remarks: tuple[Remark, ...] = ()


def understand(page: Page, ask: Ask) -> Said:
    """Read the body of a 200."""
    if ask in (Ask.JSON_FORM, Ask.JSON_PATH, Ask.JSON_MOBILE, Ask.JSON_EWS, Ask.PACC):
        return _json(page.body, ask)
    try:
        root = parse(page.body)
    except DiscoveryError:
        return Said()
    if ask in (Ask.CONFIG, Ask.CONFIG_BARE):
        return _config(root)
    if root.name == "Envelope":
        return _soap(root)
    return _pox(root, page) if root.name == "Autodiscover" else Said()


def is_html(page: Page) -> bool:
    """Whether the body is a web page, by its type or by its first octets."""
    start = page.body[:512].lstrip().lower()
    return page.media_type in HTML_TYPES or start.startswith((b"<!doctype html", b"<html"))


def is_address(text: str) -> bool:
    """Whether a text is an https URL that may be asked: what a stranger writes is not to steer a request."""
    if not (text.startswith("https://") and text.isascii() and text.isprintable()) or " " in text:
        return False
    try:
        parts = urlsplit(text)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _remark(code: str, **facts: str) -> Remark:
    return code, MappingProxyType(facts)


def _pox(root: Element, page: Page) -> Said:
    remarks = tuple(_form(root, page))
    types = tuple(_types(root))
    urls = tuple(dict.fromkeys(text for text in _texts(root) if is_address(text)))
    error = _first(root, "ErrorCode") or _first(root, "Status")
    redirect = _first(root, "RedirectAddr") or _first(root, "RedirectUrl") or _first(root, "Redirect")
    if redirect:
        return Said("redirect", types, urls, frozenset(_hosts(root, urls)), redirect, remarks)
    if error and not types:
        return Said("error", error=error, remarks=remarks)
    return Said("settings", types, urls, frozenset(_hosts(root, urls)), "", (*remarks, *_twice(types)))


def _form(root: Element, page: Page) -> Iterator[Remark]:
    if root.namespace.startswith("https://"):
        yield _remark("answer.https_namespace", namespace=root.namespace)
    if page.media_type not in XML_TYPES:
        yield _remark("answer.media_type", media=page.headers.get("content-type", "") or "no Content-Type")
    if not page.body.lstrip(b"\xef\xbb\xbf").startswith(b"<?xml"):
        yield _remark("answer.declaration")


def _types(root: Element) -> Iterator[str]:
    for element in _all(root):
        if element.name == "Protocol":
            attribute = dict(element.attributes).get("Type", "")
            child = next((each.text for each in element.findall("Type")), "")
            if element_type := attribute or child:
                yield element_type
        elif element.name == "Server" and any(isinstance(child, Element) for child in element.children):
            yield from (each.text for each in element.findall("Type"))


def _twice(types: tuple[str, ...]) -> Iterator[Remark]:
    ews = any(each in ("EXCH", "EXPR") for each in types)
    twice = [name for name, count in Counter(types).items() if count > 1]
    others = [each for each in types if each not in _KNOWN_TYPES]
    if ews and (twice or len(others) > 1):
        yield _remark("answer.duplicate_types", types=", ".join(types))


def _hosts(root: Element, urls: tuple[str, ...]) -> Iterator[str]:
    yield from filter(None, map(_host, urls))
    for element in _all(root):
        text = element.text.lower()
        if element.name == "Server" and "." in text and "@" not in text and "/" not in text:
            yield text


def _soap(root: Element) -> Said:
    values = {
        name.text: value.text
        for setting in _all(root)
        if setting.name == "UserSetting"
        for name, value in zip(setting.findall("Name"), setting.findall("Value"), strict=False)
    }
    url = values.get("ExternalEwsUrl") or values.get("InternalEwsUrl") or ""
    code = next((text for text in _named(root, "ErrorCode") if text != "NoError"), "")
    redirect = _first(root, "RedirectTarget")
    if is_address(url):
        return Said("settings", ("EWS",), (url,), frozenset(filter(None, (_host(url),))))
    if redirect:
        return Said("redirect", error=redirect)
    return Said("error", error=code or _first(root, "faultcode") or "no ExternalEwsUrl")


def _config(root: Element) -> Said:
    if root.name != "clientConfig":
        return Said()
    servers = [each for each in _all(root) if each.name in ("incomingServer", "outgoingServer")]
    types = tuple(dict(each.attributes).get("type", "") for each in servers)
    hosts = frozenset(name.text.lower() for each in servers for name in each.findall("hostname") if name.text)
    remarks = () if "smtp" in types else (_remark("autoconfig.no_smtp"),)
    return Said("settings", types, (), hosts, "", remarks)


def _json(body: bytes, ask: Ask) -> Said:
    try:
        said: Any = json.loads(body)
    except (ValueError, RecursionError):
        return Said()
    if not isinstance(said, dict):
        return Said()
    if ask is Ask.PACC:
        return Said("settings" if isinstance(said.get("protocols"), dict) else "")
    url = said.get("Url") or said.get("url")
    if not isinstance(url, str) or not is_address(url):
        return Said("error", error=str(said.get("ErrorCode", "no Url"))[:64])
    return Said(
        "settings", (str(said.get("Protocol", ""))[:64],), (url,), frozenset(filter(None, (_host(url),)))
    )


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _all(root: Element) -> Iterator[Element]:
    yield root
    for child in root.children:
        if isinstance(child, Element):
            yield from _all(child)


def _texts(root: Element) -> Iterator[str]:
    return (element.text for element in _all(root))


def _named(root: Element, name: str) -> Iterator[str]:
    return (element.text for element in _all(root) if element.name == name and element.text)


def _first(root: Element, name: str) -> str:
    return next(_named(root, name), "")

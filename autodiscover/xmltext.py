"""The only XML parser and writer (T18, product 10).

A discovery request is a few hundred bytes of elements and text. Whatever else XML can do is refused: document
type declarations, entities, processing instructions, encodings other than UTF-8 and UTF-16, depth, number and
size beyond the limits below. The answer is serialized from a tree, never from a template.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException  # type: ignore[import-untyped]  # has no types of its own
from defusedxml.ElementTree import DefusedXMLParser  # type: ignore[import-untyped]  # likewise

from autodiscover.errors import DiscoveryError, Fault

MAXIMUM_SIZE = 32 * 1024
"""Bytes of a request; those of real clients have 300 to 700, a SOAP request with every setting 4 KiB."""

MAXIMUM_DEPTH = 32
MAXIMUM_NODES = 1000
MAXIMUM_NAME = 512
"""Characters of a name with its namespace: the parser repeats a long one for every element and attribute."""

_DECLARATION = re.compile(r"<\?xml\s[^>]*?encoding\s*=\s*[\"']([^\"'>]*)[\"']")
_LONG_NAMESPACE = re.compile(
    rf"\sxmlns(?::[^\s=<>]{{65}}|(?::[^\s=<>]{{0,64}})?\s*=\s*"
    rf"(?:\"[^\"]{{{MAXIMUM_NAME}}}|'[^']{{{MAXIMUM_NAME}}}))"
)
"""Looked for before parsing: the parser repeats a long one for every attribute before it shows the first."""

_ENCODINGS = frozenset({"utf-8", "utf8", "utf-16", "utf16", "utf-16le", "utf-16be"})
_BYTE_ORDER = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Element:
    """A node of a small document.

    Attributes:
        namespace: URI; empty for none.
        children: elements and pieces of text, in order.
        attributes: name and value; never in a namespace, since no discovery format has such.
    """

    name: str
    namespace: str = ""
    children: tuple["Element | str", ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        """The text directly inside, trimmed: clients send spaces and newlines around values (R14)."""
        return "".join(child for child in self.children if isinstance(child, str)).strip()

    def findall(self, name: str) -> tuple["Element", ...]:
        """The child elements with this local name, whatever their namespace."""
        return tuple(child for child in self.children if isinstance(child, Element) and child.name == name)


def parse(body: bytes) -> Element:
    """Read a document.

    Raises:
        DiscoveryError: INVALID_REQUEST, for whatever is not plain, small, well-formed XML.
    """
    if len(body) > MAXIMUM_SIZE:
        raise _refusal(f"{len(body)} bytes")
    parser = DefusedXMLParser(target=_Builder(), forbid_dtd=True)
    try:
        parser.feed(_decode(body))
        root = parser.close()
    except (ParseError, DefusedXmlException) as error:
        raise _refusal(type(error).__name__) from error
    if not isinstance(root, Element):
        raise _refusal("no root element")
    return root


def serialize(root: Element) -> bytes:
    """Write a document as UTF-8 with an XML declaration, which EWS clients insist on (R4)."""
    return ('<?xml version="1.0" encoding="utf-8"?>\n' + "".join(_pieces(root, ""))).encode()


def _refusal(reason: str) -> DiscoveryError:
    return DiscoveryError(Fault.INVALID_REQUEST, reason)


def _decode(body: bytes) -> str:
    encoding = next((name for mark, name in _BYTE_ORDER if body.startswith(mark)), "utf-8")
    try:
        text = body.decode(encoding).lstrip()
    except UnicodeDecodeError as error:
        raise _refusal("not the encoding it says") from error
    if "\0" in text:  # no XML has any, and expat takes one after "<" for UTF-16 whatever it was told
        raise _refusal("a NUL")
    declared = _DECLARATION.match(text)
    if declared and declared[1].strip().lower() not in _ENCODINGS:
        raise _refusal("an encoding other than UTF-8 and UTF-16")
    if _LONG_NAMESPACE.search(text):
        raise _refusal("a namespace too long")
    return text


class _Builder:
    """Parser target that counts while it builds, so that a hostile document stops early."""

    def __init__(self) -> None:
        self._open: list[tuple[str, tuple[tuple[str, str], ...], list[Element | str]]] = []
        self._nodes = 0
        self._root: Element | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._nodes += 1 + len(attributes)
        if self._nodes > MAXIMUM_NODES or len(self._open) >= MAXIMUM_DEPTH:
            raise _refusal("too many or too deep elements")
        if max(map(len, (tag, *attributes))) > MAXIMUM_NAME:
            raise _refusal("a name too long")
        self._open.append((tag, tuple(attributes.items()), []))

    def data(self, text: str) -> None:
        self._open[-1][2].append(text)

    def end(self, _tag: str) -> None:
        tag, attributes, children = self._open.pop()
        namespace, _, name = tag[1:].rpartition("}") if tag.startswith("{") else ("", "", tag)
        element = Element(name, namespace, tuple(children), attributes)
        if self._open:
            self._open[-1][2].append(element)
        else:
            self._root = element

    def pi(self, _target: str, _text: str) -> None:
        raise _refusal("a processing instruction")

    def close(self) -> Element | None:
        return self._root


def _pieces(element: Element, inherited: str) -> Iterator[str]:
    yield f"<{element.name}"
    if element.namespace != inherited:
        yield f' xmlns="{_escape(element.namespace)}"'
    for name, value in element.attributes:
        yield f' {name}="{_escape(value)}"'
    if not element.children:
        yield " />"
        return
    yield ">"
    for child in element.children:
        if isinstance(child, str):
            yield _escape(child)
        else:
            yield from _pieces(child, element.namespace)
    yield f"</{element.name}>"


def _escape(text: str) -> str:
    """Characters that XML 1.0 cannot carry at all become U+FFFD: display names come from directories."""
    clean = _FORBIDDEN.sub("\ufffd", text)
    return clean.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")

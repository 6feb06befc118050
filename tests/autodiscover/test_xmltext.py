"""Hostile and odd XML (T18, product 10, spec/autodiscover.md R14)."""

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autodiscover.errors import DiscoveryError, Fault
from autodiscover.xmltext import (
    MAXIMUM_DEPTH,
    MAXIMUM_NAME,
    MAXIMUM_NODES,
    MAXIMUM_SIZE,
    Element,
    parse,
    serialize,
)
from tests.support.hostile_xml import HARMLESS, REFUSED

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
HOSTILE = {
    "billion laughs": f'<!DOCTYPE a [<!ENTITY l0 "ha">{LAUGHS}]><a>&l11;</a>'.encode(),
    "quadratic": b'<!DOCTYPE a [<!ENTITY b "' + b"x" * 15000 + b'">]><a>' + b"&b;" * 4000 + b"</a>",
    "external file": b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    "external http": b'<!DOCTYPE a [<!ENTITY x SYSTEM "http://127.0.0.1:1/">]><a>&x;</a>',
    "parameter entity": b'<!DOCTYPE a [<!ENTITY % p SYSTEM "http://127.0.0.1:1/"> %p;]><a/>',
    "external subset": b'<!DOCTYPE a SYSTEM "http://127.0.0.1:1/x.dtd"><a/>',
    "bare doctype": b"<!DOCTYPE a><a/>",
    "doctype in UTF-16": '\ufeff<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'.encode("utf-16-le"),
    "undeclared entity": b"<a>&nope;</a>",
    "processing instruction": b"<?php x?><a/>",
    "late processing instruction": b"<a><?x y?></a>",
    "UTF-7": b'<?xml version="1.0" encoding="UTF-7"?>+ADw-a/+AD4-',
    "Latin-1": b'<?xml version="1.0" encoding="iso-8859-1"?><a>\xe9</a>',
    "declared EBCDIC": b'<?xml version="1.0" encoding="cp037"?><a/>',
    "UTF-32": "<a/>".encode("utf-32"),
    "overlong UTF-8": b"<a>\xc0\xaf</a>",
    "surrogate": b"<a>\xed\xa0\x80</a>",
    "NUL": b"<a>\0</a>",
    "deep": b"<a>" * 10000,
    "deep and closed": b"<a>" * 4000 + b"</a>" * 4000,
    "many": b"<a>" + b"<b/>" * 7000 + b"</a>",
    "many attributes": b"<a " + b" ".join(b'b%d=""' % n for n in range(3000)) + b"/>",
    "long namespace": b'<a xmlns="' + b"n" * 16000 + b'">' + b"<b/>" * 3000 + b"</a>",
    "long namespace on attributes": b'<a xmlns:p="'
    + b"n" * 16000
    + b'" '
    + b" ".join(b'p:b%d=""' % n for n in range(1500))
    + b"/>",
    "duplicate attribute": b'<a b="1" b="2"/>',
    "two roots": b"<a/><b/>",
    "text after": b"<a/>text",
    "unfinished": b"<a><b>",
    "only a comment": b"<!-- x -->",
    "nothing": b"",
    "spaces": b"  \n ",
    "not XML": b"Email=a@example.org",
    "10 MB": b"<a>" + b"x" * 10_000_000 + b"</a>",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_xml_is_an_invalid_request(name: str) -> None:
    with pytest.raises(DiscoveryError) as caught:
        parse(HOSTILE[name])
    assert caught.value.fault is Fault.INVALID_REQUEST


@pytest.mark.parametrize(
    "body",
    [
        b"<a>\xc3\xa9</a>",
        b"\xef\xbb\xbf<a>\xc3\xa9</a>",
        b'\n\r\n <?xml version="1.0" encoding="utf-8" standalone="no"?><a>\n\xc3\xa9 </a>',
        '<?xml version="1.0" encoding="UTF-16"?><a>é</a>'.encode("utf-16"),
        "\ufeff<a>é</a>".encode("utf-16-be"),
        "<a>é</a>".encode("utf-16-le"),
        "<a>é</a>".encode("utf-16-be"),
        b"<a><!-- c -->&#233;</a>",
        b"<a><![CDATA[\xc3\xa9]]></a>",
    ],
)
def test_odd_but_harmless_forms_are_read(body: bytes) -> None:
    assert parse(body).text == "é"


def test_limits_from_just_below_to_just_above() -> None:
    cases = [
        (b"<a>" + b"x" * (MAXIMUM_SIZE - 7) + b"</a>", b"<a>" + b"x" * (MAXIMUM_SIZE - 6) + b"</a>"),
        (nested(MAXIMUM_DEPTH), nested(MAXIMUM_DEPTH + 1)),
        (wide(MAXIMUM_NODES - 1), wide(MAXIMUM_NODES)),
        (b"<" + b"a" * MAXIMUM_NAME + b"/>", b"<" + b"a" * (MAXIMUM_NAME + 1) + b"/>"),
    ]
    for below, above in cases:
        parse(below)
        with pytest.raises(DiscoveryError):
            parse(above)


def nested(depth: int) -> bytes:
    return b"<a>" * depth + b"</a>" * depth


def wide(count: int) -> bytes:
    return b"<a>" + b"<b/>" * count + b"</a>"


def test_names_are_split_from_their_namespace() -> None:
    root = parse(b'<p:a xmlns:p="urn:x" k="v"><b xmlns="urn:y">1</b><b>2</b></p:a>')
    assert (root.name, root.namespace, root.attributes) == ("a", "urn:x", (("k", "v"),))
    assert [(b.namespace, b.text) for b in root.findall("b")] == [("urn:y", "1"), ("", "2")]


def test_the_writer_declares_a_namespace_where_it_changes_and_escapes() -> None:
    inner = Element("c", "urn:y", ('<&>"',), (("k", 'a"<'),))
    written = serialize(Element("a", "urn:x", (Element("b", "urn:x"), inner)))
    assert written == (
        b'<?xml version="1.0" encoding="utf-8"?>\n'
        b'<a xmlns="urn:x"><b /><c xmlns="urn:y" k="a&quot;&lt;">&lt;&amp;&gt;&quot;</c></a>'
    )


def test_characters_that_xml_cannot_carry_are_replaced() -> None:
    assert parse(serialize(Element("a", "", ("x\0\x1b\ufffey",)))).text == "x\ufffd\ufffd\ufffdy"


def cost_s(body: bytes) -> float:
    """Processor time of reading, the best of three: others on the machine count for nothing."""
    costs = []
    for _ in range(3):
        began = time.thread_time()
        with contextlib.suppress(DiscoveryError):
            parse(body)
        costs.append(time.thread_time() - began)
    return min(costs)


@pytest.mark.parametrize(
    "bodies", [{**HOSTILE, **REFUSED}, {name: body for name, (body, _) in HARMLESS.items()}]
)
def test_none_holds_the_event_loop_for_longer_than_50_ms(bodies: dict[str, bytes]) -> None:
    slowest = max(bodies, key=lambda name: cost_s(bodies[name]))
    assert cost_s(bodies[slowest]) <= 0.05, slowest


NAMES = st.sampled_from(["a", "b", "Request"])
SPACES = st.sampled_from(["", "urn:x", "urn:y"])
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), min_size=1)


def trees(inner: st.SearchStrategy[Element]) -> st.SearchStrategy[Element]:
    children = st.one_of(TEXT.map(lambda text: (text,)), st.lists(inner, max_size=4).map(tuple))
    return st.builds(Element, NAMES, SPACES, children, st.just((("k", "v"),)))


@given(st.recursive(st.builds(Element, NAMES, SPACES), trees, max_leaves=20))
def test_what_is_written_is_read_back(tree: Element) -> None:
    assert parse(serialize(tree)) == tree


@given(st.one_of(st.binary(), st.text().map(str.encode), st.text("<>/a!?[]&;\"'= -").map(str.encode)))
def test_any_bytes_give_a_tree_or_the_one_error(body: bytes) -> None:
    try:
        assert isinstance(parse(body), Element)
    except DiscoveryError as error:
        assert error.fault is Fault.INVALID_REQUEST


def test_a_text_may_speak_of_namespaces() -> None:
    text = "xmlns" + "x" * 80
    assert parse(f"<a><b>{text}</b><c>about xmlns</c></a>".encode()).findall("b")[0].text == text

"""XML attacks on the one reader (T18): refused or harmless, and nothing outside is touched."""

import socket
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from autodiscover.errors import DiscoveryError, Fault
from autodiscover.xmltext import MAXIMUM_DEPTH, MAXIMUM_NODES, Element, parse
from tests.support.hostile_xml import ENCODINGS, HARMLESS, REFUSED, ReachedOutside, nothing_outside


def test_the_guard_bites() -> None:
    with nothing_outside(), pytest.raises(ReachedOutside):
        socket.create_connection(("127.0.0.1", 1), timeout=1)
    with nothing_outside(), pytest.raises(ReachedOutside):
        Path("/etc/hostname").read_text()


@pytest.mark.parametrize("name", REFUSED)
def test_hostile_xml_is_refused_and_reaches_nothing(name: str) -> None:
    with nothing_outside(), pytest.raises(DiscoveryError) as caught:
        parse(REFUSED[name])
    assert caught.value.fault is Fault.INVALID_REQUEST


@pytest.mark.parametrize("name", HARMLESS)
def test_what_only_looks_hostile_is_read_and_nothing_followed(name: str) -> None:
    body, text = HARMLESS[name]
    with nothing_outside():
        assert parse(body).text == text


@pytest.mark.parametrize("encoding", sorted(set(ENCODINGS) - {"utf-8", "utf-7"}))
@pytest.mark.parametrize(
    "name", [name for name, body in REFUSED.items() if body.isascii() and len(body) < 99_999]
)
def test_no_encoding_carries_an_attack_past_the_reader(name: str, encoding: str) -> None:
    body = REFUSED[name].decode().encode(encoding)
    with nothing_outside(), pytest.raises(DiscoveryError):
        parse(body)


PIECES = """<!DOCTYPE a [ | ]> | <!ENTITY x 'y'> | <!ENTITY % p SYSTEM 'http://127.0.0.1:1/'> | %p; | &x;
    | <a> | </a> | <![CDATA[ | ]]> | <!-- | --> | <?x y?> | xmlns:p='u' | <p:a  | /> | ' | " | \0 | &#65; | v
    | <?xml version="1.0" encoding="UTF-16"?> | <?xml version="1.0" encoding="UTF-7"?>"""
FRAGMENTS = st.sampled_from([piece.strip() for piece in PIECES.split(" | ")])


@given(st.lists(FRAGMENTS, max_size=40).map(" ".join), st.sampled_from(ENCODINGS), st.binary(max_size=3))
@example("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "utf-16-be", b"")
def test_pieces_of_attacks_give_a_small_tree_or_the_one_error(text: str, encoding: str, tail: bytes) -> None:
    body = text.encode(encoding) + tail
    with nothing_outside():
        try:
            tree = parse(body)
        except DiscoveryError as error:
            assert error.fault is Fault.INVALID_REQUEST
            return
    assert depth(tree) <= MAXIMUM_DEPTH
    assert size(tree) <= MAXIMUM_NODES
    assert "y" not in tree.text


@given(st.lists(FRAGMENTS, max_size=30).map("".join))
def test_what_is_read_is_what_any_reader_reads(text: str) -> None:
    """No second reading: what two parsers see differently is how a check is passed by."""
    try:
        tree = parse(text.encode())
    except DiscoveryError:
        return
    root = fromstring(text.replace("UTF-16", "UTF-8").lstrip())  # noqa: S314 - our own text
    assert "".join(root.itertext()) == "".join(texts(tree))


def depth(tree: Element) -> int:
    return 1 + max((depth(child) for child in tree.children if isinstance(child, Element)), default=0)


def size(tree: Element) -> int:
    below = sum(size(child) for child in tree.children if isinstance(child, Element))
    return 1 + len(tree.attributes) + below


def texts(tree: Element) -> list[str]:
    return [
        piece
        for child in tree.children
        for piece in (texts(child) if isinstance(child, Element) else [child])
    ]

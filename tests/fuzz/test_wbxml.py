"""Octets nobody would send: the readers answer alike, in bounded time, with a tree or WBXMLError."""

import contextlib
import gc
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mdm.element import Element
from mdm.errors import WBXMLError
from mdm.wbxml import HEADER, NODE_LIMIT, SIZE_LIMIT, Limits, decode, encode, root_tag, scan
from tests.support.examples import examples
from tests.support.trees import ANY_TAG, ANYTHING, trees

TIGHT = Limits(size=48, depth=3, nodes=12, opaque=4)


@given(ANYTHING, st.frozensets(ANY_TAG, max_size=3), st.sampled_from([Limits(), TIGHT]))
@settings(max_examples=examples(1500), deadline=None)
def test_readers_agree(data: bytes, wanted: frozenset[tuple[int, int]], limits: Limits) -> None:
    try:
        root = decode(data, limits)
    except WBXMLError as fault:
        with pytest.raises(WBXMLError) as scanning:
            scan(data, wanted, limits)
        assert scanning.value.offset == fault.offset
    else:
        assert scan(data, wanted, limits)[0] == root.tag == root_tag(data)
        assert scan(encode(root), wanted)[1] == scan(data, wanted, limits)[1]


@given(trees(), st.data())
@settings(max_examples=examples(500), deadline=None)
def test_one_changed_octet_never_escapes_as_another_error(root: Element, data: st.DataObject) -> None:
    octets = bytearray(encode(root))
    octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    for reader in (decode, lambda changed: scan(changed, frozenset()), root_tag):
        try:
            reader(bytes(octets))
        except WBXMLError:
            continue


@given(trees())
@settings(max_examples=examples(200), deadline=None)
def test_root_tag_of_every_prefix_is_none_or_the_root(root: Element) -> None:
    octets = encode(root)
    found = [root_tag(octets[:length]) for length in range(len(octets) + 1)]
    assert set(found) <= {None, decode(octets).tag}
    assert found[-1] is not None


NOISE_S = 0.5
"""What a busy machine adds; what grows with the square of a mebibyte takes minutes."""

NESTS = b"\x45" * 20 + b"\x01" * 20
UNITS = [b"\x05", b"\x45", b"\x03\x00", b"\x46\x03a\x00\x01", b"\x00\x07", b"\xc3\x00", NESTS]
PARTIAL_UNITS = [b"\x03a", b"\xc3\x80", b"\x01", b"\x45\x03", b"\x00"]


@pytest.mark.parametrize("unit", [*UNITS, *PARTIAL_UNITS])
@pytest.mark.parametrize("start", [b"", b"\x45", b"\x45\x01"])
def test_a_mebibyte_of_anything_is_judged_in_linear_time(unit: bytes, start: bytes) -> None:
    def judge(size: int) -> None:
        body = (HEADER + start + unit * (size // len(unit)))[:size]
        for reader in (decode, lambda data: scan(data, frozenset())):
            with contextlib.suppress(WBXMLError):
                reader(body)

    assert_linear(judge, SIZE_LIMIT)


@pytest.mark.parametrize(
    "unit", [*UNITS[:1], *UNITS[2:5], NESTS, b"\x64\x03a\x00\x03b\x00\x01", b"\x00\x0d\x52\x00\x07\x01"]
)
def test_picking_texts_is_linear_too(unit: bytes) -> None:
    wanted = frozenset({(0, 0x24), (7, 0x12), (254, 5), (13, 8)})

    def pick(size: int) -> None:
        body = HEADER + b"\x45" + unit * (size // len(unit) - 1) + b"\x01"
        assert scan(body, wanted)[0] == (0, 5)

    assert_linear(pick, NODE_LIMIT)


def assert_linear(work: Callable[[int], None], size: int) -> None:
    """Eight times as much takes eight times as long, not sixty-four; how long is bench/wbxml.py's affair."""
    small, large = (min(_seconds(work, part) for _ in range(3)) for part in (size // 8, size))
    assert large < 24 * small + NOISE_S


def _seconds(work: Callable[[int], None], size: int) -> float:
    # The collector would walk the whole suite's objects within the small share that is being measured.
    gc.disable()
    begun = time.process_time()
    try:
        work(size)
        return time.process_time() - begun
    finally:
        gc.enable()

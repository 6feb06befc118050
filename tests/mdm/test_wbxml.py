from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mdm.codepages import NAMES, tag
from mdm.element import Element, element
from mdm.errors import WBXMLError
from mdm.wbxml import (
    DEFAULT_LIMITS,
    DEPTH_LIMIT,
    HEADER,
    NODE_LIMIT,
    OPAQUE_LIMIT,
    SIZE_LIMIT,
    Limits,
    decode,
    encode,
    root_tag,
    scan,
)
from tests.support.trees import ANY_TAG, ANYTHING, trees

CORPUS = sorted((Path(__file__).parent.parent / "corpus" / "wbxml").glob("*.txt"))
SYNC, KEY, WAIT = tag("AirSync", "Sync"), tag("AirSync", "SyncKey"), tag("AirSync", "Wait")


def document(*octets: str) -> bytes:
    return HEADER + bytes.fromhex("".join(octets))


def refused(data: bytes, limits: Limits = DEFAULT_LIMITS) -> WBXMLError:
    with pytest.raises(WBXMLError) as decoding:
        decode(data, limits)
    with pytest.raises(WBXMLError) as scanning:
        scan(data, frozenset(), limits)
    assert (scanning.value.offset, str(scanning.value)) == (decoding.value.offset, str(decoding.value))
    return decoding.value


def accepted(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Element:
    root = decode(data, limits)
    assert scan(data, frozenset(), limits) == (root.tag, {})
    return root


def outline(node: Element, depth: int = 0) -> list[str]:
    """A tree as the corpus files write it: one line per element, strings quoted, opaques in hexadecimal."""
    lines = [f"{'  ' * depth}{node.namespace}:{node.name}"]
    for child in node.children:
        if isinstance(child, Element):
            lines += outline(child, depth + 1)
        else:
            shown = f'"{child}"' if isinstance(child, str) else f"opaque {child.hex(' ')}".rstrip()
            lines.append("  " * (depth + 1) + shown)
    return lines


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_golden_documents(path: Path) -> None:
    hexadecimal, _, expected = path.read_text(encoding="utf-8").partition("----\n")
    data = bytes.fromhex("".join(line.partition("#")[0] for line in hexadecimal.splitlines()))
    if expected.startswith("error "):
        fault = refused(data)
        assert f"error {fault}\n" == expected
        return
    root = accepted(data)
    assert outline(root) == expected.splitlines()
    assert decode(encode(root)) == root


def test_the_corpus_is_there() -> None:
    assert len(CORPUS) >= 10


@given(trees())
@settings(max_examples=200)
def test_a_tree_survives_the_wire(root: Element) -> None:
    data = encode(root)
    assert decode(data) == root
    assert root_tag(data) == root.tag


@given(trees(), st.frozensets(ANY_TAG, max_size=4))
@settings(max_examples=150)
def test_scan_finds_what_the_tree_has(root: Element, others: frozenset[tuple[int, int]]) -> None:
    def first(node: Element, wanted: tuple[int, int]) -> str | None:
        if node.tag == wanted:
            return node.text
        found = (first(child, wanted) for child in node.children if isinstance(child, Element))
        return next((text for text in found if text is not None), None)

    def tags(node: Element) -> set[tuple[int, int]]:
        return {node.tag}.union(*(tags(child) for child in node.children if isinstance(child, Element)))

    wanted = others | frozenset(sorted(tags(root))[:6])
    expected = {each: text for each in wanted if (text := first(root, each)) is not None}
    assert scan(encode(root), wanted) == (root.tag, expected)


@given(ANYTHING)
@settings(max_examples=400)
@example(document("46", "03 45 03 00", "05", "01"))  # a token's octet inside a text
@example(document("45", "4B 01", "01", "0B"))  # a token's octet after the root
@example(document("45", "00 FE 4B 03 41 00 01", "00 00 4B 03 42 00 01", "01"))
def test_any_octets_give_a_tree_or_an_error_and_the_readers_agree(data: bytes) -> None:
    wanted = frozenset({SYNC, KEY, WAIT, (7, 0x0B), (254, 5), (0, 0x0A), (0, 0x0D), (0, 0x20)})
    try:
        root = decode(data)
    except WBXMLError as fault:
        assert 0 <= fault.offset <= len(data)
        refused(data)
        return
    found_root, texts = scan(data, wanted)
    assert found_root == root.tag == root_tag(data)
    assert scan(encode(root), wanted) == (root.tag, texts)
    assert decode(encode(root)) == root


@pytest.mark.parametrize("data", [b"\x45\x4b\x01\x01\x0b", b"\x45\x4b\x01\x01\x20", b"\x45\x01\x20\x0d"])
def test_scan_takes_no_stray_octet_for_an_element(data: bytes) -> None:
    stray = frozenset({(0, 0x20), (0, 0x0D)})
    try:
        decode(HEADER + data)
    except WBXMLError:
        refused(HEADER + data)
    else:
        assert scan(HEADER + data, stray) == (SYNC, {})


def test_scan_steps_back_from_a_page_that_is_not_left_again() -> None:
    data = document("45 46 03 78 00 01 46 46 4B 01 00 0A 01 01 01")
    assert scan(data, frozenset({KEY})) == (SYNC, {KEY: ""})


def test_scan_finds_a_tag_of_every_page() -> None:
    for page in range(256):
        other = (page + 1) % 256
        root = element(
            (other, 5), element((other, 0x0B), "no"), element((page, 0x0B), "yes"), element((other, 6))
        )
        assert scan(encode(root), frozenset({(page, 0x0B)})) == (root.tag, {(page, 0x0B): "yes"})


def test_scan_gives_the_first_text_in_document_order() -> None:
    data = encode(element(SYNC, element(WAIT), element(KEY, "a"), element(WAIT, "5"), element(KEY, "b")))
    assert scan(data, frozenset({WAIT, KEY})) == (SYNC, {WAIT: "", KEY: "a"})


def test_scan_reads_opaque_and_mixed_texts_as_the_tree_does() -> None:
    root = element(SYNC, element(KEY, "a", b"b", element(WAIT, "c"), "d"))
    assert scan(encode(root), frozenset({KEY, WAIT})) == (SYNC, {KEY: "abd", WAIT: "c"})


def test_every_known_token_round_trips_in_both_empty_forms() -> None:
    for page, token in NAMES:
        switch = f"00{page:02X}" if page else ""
        bare = accepted(document(switch, f"{token:02X}"))
        ended = accepted(document(switch, f"{token | 0x40:02X}01"))
        assert bare == ended == element((page, token))
        assert encode(bare) == document(switch, f"{token:02X}")


def test_unknown_pages_and_tokens_stay_in_the_tree() -> None:
    data = document("00C8 7F", "03 78 00", "00 00 3F", "01")
    assert accepted(data) == element((200, 0x3F), "x", element((0, 0x3F)))
    assert encode(accepted(data)) == data


def test_strings_and_opaques_keep_their_form() -> None:
    data = document("4B 03 41 00 C3 03 00 01 FF 03 00 C3 00 01")
    assert accepted(data) == element(KEY, "A", b"\x00\x01\xff", "", b"")
    assert encode(accepted(data)) == data


def test_a_page_lasts_across_the_end_of_an_element() -> None:
    data = document("00 07 56", "4C 01", "52 01", "01")
    assert [child.tag for child in accepted(data).children if isinstance(child, Element)] == [
        (7, 12),
        (7, 18),
    ]


@pytest.mark.parametrize("stray", ["00", "20", "0A", "0D 0A", "09 00 00"])
def test_stray_octets_after_the_root_are_tolerated(stray: str) -> None:
    assert accepted(document("45 01", stray)) == element(SYNC)


@pytest.mark.parametrize(
    ("octets", "message"),
    [
        ("45 01 05", "octets after the root at byte 6"),
        ("45 01 00 07 45 01", "octets after the root at byte 7"),
        ("45 01 01", "octets after the root at byte 6"),
        ("05 05", "octets after the root at byte 5"),
        ("", "document ends early at byte 4"),
        ("45", "document ends early at byte 5"),
        ("45 4B 03 41 00", "document ends early at byte 9"),
        ("00", "document ends early at byte 5"),
        ("01", "no root element at byte 4"),
        ("03 41 00", "no root element at byte 4"),
        ("C3 01 41", "no root element at byte 4"),
        ("45 03 41", "string without end at byte 5"),
        ("45 4B 03 41 00 03 42", "string without end at byte 9"),
        ("45 03 C3 28 00 01", "text is not UTF-8 at byte 6"),
        ("45 05 03 41 FF 00 01", "text is not UTF-8 at byte 8"),
        ("45 03 ED A0 80 00 01", "text is not UTF-8 at byte 6"),
        ("C5 01", "attributes at byte 4"),
        ("45 85 01", "attributes at byte 5"),
        ("45 02 81 20 01", "global token 0x02 outside the subset at byte 5"),
        ("45 04 00 01", "global token 0x04 outside the subset at byte 5"),
        ("45 40 41 00 01", "global token 0x40 outside the subset at byte 5"),
        ("45 43 00 01", "global token 0x43 outside the subset at byte 5"),
        ("45 44 00 01", "global token 0x44 outside the subset at byte 5"),
        ("45 80 00 01", "global token 0x80 outside the subset at byte 5"),
        ("45 83 00 01", "global token 0x83 outside the subset at byte 5"),
        ("45 84 00 01", "global token 0x84 outside the subset at byte 5"),
        ("45 C0 01", "global token 0xC0 outside the subset at byte 5"),
        ("45 C4 00 01", "global token 0xC4 outside the subset at byte 5"),
        ("45 C3 02 41 01", "document ends early at byte 9"),
        ("45 C3 04 41 01", "opaque runs past the end at byte 6"),
        ("45 C3 81", "document ends early at byte 7"),
        ("45 C3 80 80 80 80 80 00 01", "length of more than five octets at byte 6"),
        ("45 C3 90 80 80 80 00 01", "length beyond 32 bits at byte 6"),
        ("45 C3 8F FF FF FF 7F 01", "opaque too long at byte 6"),
    ],
)
def test_what_is_outside_the_subset_is_refused_where_it_stands(octets: str, message: str) -> None:
    assert str(refused(document(octets))) == message


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("", "document ends early at byte 0"),
        ("03 01 6A", "document ends early at byte 3"),
        ("02 01 6A 00 05", "version not of ActiveSync at byte 0"),
        ("03 04 6A 00 05", "public identifier not of ActiveSync at byte 1"),
        ("03 01 03 00 05", "charset not of ActiveSync at byte 2"),
        ("03 01 6A 04 61 62 63 00 05", "string table not of ActiveSync at byte 3"),
    ],
)
def test_only_the_header_of_activesync_is_read(data: str, message: str) -> None:
    assert str(refused(bytes.fromhex(data))) == message
    if len(data) > 10:
        with pytest.raises(WBXMLError):
            root_tag(bytes.fromhex(data))


def test_an_error_carries_offset_and_statuses() -> None:
    fault = refused(document("45 02"))
    assert (fault.offset, fault.http, fault.status) == (5, 400, 102)


def test_an_opaque_length_may_take_five_octets() -> None:
    assert accepted(document("45 C3 80 80 80 80 01 41 01")) == element(SYNC, b"A")


@pytest.mark.parametrize("size", [0x7F, 0x80, 0x3FFF, 0x4000])
def test_opaque_lengths_around_each_group_of_seven_bits(size: int) -> None:
    root = element(SYNC, b"x" * size)
    assert decode(encode(root)) == root


def test_size_limit_from_just_below_to_just_above() -> None:
    for size in (SIZE_LIMIT - 1, SIZE_LIMIT):
        assert accepted(document("45 03") + b"a" * (size - 8) + b"\x00\x01").tag == SYNC
    assert str(refused(document("45 03") + b"a" * (SIZE_LIMIT - 7) + b"\x00\x01")) == (
        f"document too large at byte {SIZE_LIMIT}"
    )


@pytest.mark.parametrize("innermost", [b"\x05", b"\x45\x01", b"\x45\x03a\x00\x01"])
def test_depth_limit_from_just_below_to_just_above(innermost: bytes) -> None:
    for depth in (DEPTH_LIMIT - 1, DEPTH_LIMIT):
        around = depth - 1
        accepted(HEADER + b"\x45" * around + innermost + b"\x01" * around)
    deeper = HEADER + b"\x45" * DEPTH_LIMIT + innermost + b"\x01" * DEPTH_LIMIT
    assert str(refused(deeper)) == f"nested too deeply at byte {4 + DEPTH_LIMIT}"


@pytest.mark.parametrize(
    ("unit", "cost"),
    [(b"\x05", 1), (b"\x03\x00", 1), (b"\xc3\x00", 1), (b"\x46\x03\x00\x01", 2), (b"\x00\x07", 1)],
)
def test_node_limit_from_just_below_to_just_above(unit: bytes, cost: int) -> None:
    most = (NODE_LIMIT - 1) // cost
    for count in (most - 1, most):
        accepted(HEADER + b"\x45" + unit * count + b"\x01")
    fault = refused(HEADER + b"\x45" + unit * (most + 1) + b"\x01")
    assert str(fault).startswith("too many nodes")


def test_opaque_limit_from_just_below_to_just_above() -> None:
    for size in (OPAQUE_LIMIT - 1, OPAQUE_LIMIT):
        root = element(SYNC, b"x" * size)
        assert accepted(encode(root)) == root
    assert str(refused(encode(element(SYNC, b"x" * (OPAQUE_LIMIT + 1))))) == "opaque too long at byte 6"


def test_limits_are_an_argument() -> None:
    data = encode(element(SYNC, element(KEY, "1"), element(WAIT, b"12")))
    assert len(data) == 17
    tight = Limits(size=17, depth=2, nodes=5, opaque=2)
    accepted(data, tight)
    for narrower in (
        replace(tight, size=16),
        replace(tight, depth=1),
        replace(tight, nodes=4),
        replace(tight, opaque=1),
    ):
        refused(data, narrower)


@pytest.mark.parametrize(
    ("prefix", "tag_or_none"),
    [
        ("", None),
        ("03", None),
        ("03016A", None),
        ("03016A00", None),
        ("03016A0000", None),
        ("03016A000007", None),
        ("03016A00000756", (7, 0x16)),
        ("03016A0016", (0, 0x16)),
        ("03016A0000070000 45", (0, 5)),
        ("03016A0000C87F", (200, 0x3F)),
    ],
)
def test_root_tag_waits_until_it_knows(prefix: str, tag_or_none: tuple[int, int] | None) -> None:
    assert root_tag(bytes.fromhex(prefix)) == tag_or_none


@pytest.mark.parametrize(
    "prefix", ["04", "0302", "03016A01", "03016A0001", "03016A0003", "03016A00C5", "03016A0044"]
)
def test_root_tag_refuses_what_decode_would(prefix: str) -> None:
    with pytest.raises(WBXMLError):
        root_tag(bytes.fromhex(prefix))


@pytest.mark.parametrize(
    ("root", "message"),
    [
        (element(KEY, "a\x00b"), "NUL in a string at byte 5"),
        (element(KEY, "\ud800"), "string is not Unicode text at byte 5"),
        (element((0, 4)), "tag outside its range at byte 4"),
        (element((0, 0x40)), "tag outside its range at byte 4"),
        (element((256, 5)), "tag outside its range at byte 4"),
        (element((-1, 5)), "tag outside its range at byte 4"),
    ],
)
def test_what_the_wire_cannot_carry_is_not_encoded(root: Element, message: str) -> None:
    with pytest.raises(WBXMLError) as fault:
        encode(root)
    assert str(fault.value) == message


def test_encode_goes_no_deeper_than_decode() -> None:
    def nested(depth: int) -> Element:
        return element(SYNC, nested(depth - 1)) if depth > 1 else element(SYNC)

    assert decode(encode(nested(DEPTH_LIMIT))) == nested(DEPTH_LIMIT)
    with pytest.raises(WBXMLError, match="nested too deeply"):
        encode(nested(DEPTH_LIMIT + 1))

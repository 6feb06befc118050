"""Generated documents: trees for the codec, and octets that are nearly documents."""

from hypothesis import strategies as st

from mdm.codepages import NAMES, VERSIONS, Tag
from mdm.element import Child, Element
from mdm.wbxml import HEADER

KNOWN = sorted(NAMES)
TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=20)
ANY_TAG = st.one_of(
    st.sampled_from(KNOWN), st.tuples(st.integers(0, 255), st.integers(5, 63))
)  # tables first, then whatever a vendor may use


def trees(tags: st.SearchStrategy[Tag] = ANY_TAG, *, opaques: bool = True) -> st.SearchStrategy[Element]:
    """Elements of any shape, mixed content included."""
    leaves: list[st.SearchStrategy[Child]] = [TEXT, st.builds(Element, tags, st.just([]))]
    if opaques:
        leaves.append(st.binary(max_size=200))
    child = st.recursive(
        st.one_of(*leaves), lambda inner: st.builds(Element, tags, st.lists(inner, max_size=5)), max_leaves=25
    )
    return st.builds(Element, tags, st.lists(child, max_size=6))


def data_trees(pages: range) -> st.SearchStrategy[Element]:
    """Trees as ActiveSync has them: elements, or one non-empty string; specified tokens only."""
    tags = st.sampled_from([tag for tag in KNOWN if tag[0] in pages and VERSIONS[tag]])
    letters = st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"))
    text = st.text(letters, min_size=1, max_size=20)
    leaf = st.builds(lambda tag, content: Element(tag, [content]), tags, text)
    inner = st.recursive(
        leaf, lambda more: st.builds(Element, tags, st.lists(more, min_size=1, max_size=5)), max_leaves=20
    )
    return st.builds(Element, tags, st.lists(inner, min_size=1, max_size=5))


_PIECES = st.sampled_from(
    [
        *(
            b"\x45",
            b"\x46",
            b"\x4b",
            b"\x05",
            b"\x06",
            b"\x01",
            b"\x01\x01",
            b"\x03a\x00",
            b"\x03\x00",
            b"\x03",
        ),
        *(b"\x03\xc3\xa9\x00", b"\x03\xff\x00", b"\x00\x07", b"\x00\xfe", b"\x00\xc3", b"\x00", b"\xc3\x00"),
        *(
            b"\xc3\x02\x01\x03",
            b"\xc3\x81\x00",
            b"\xc3",
            b"\x02",
            b"\x04",
            b"\x40",
            b"\x43",
            b"\x83\x00",
            b"\xc5",
        ),
        *(b" ", b"\n", b"\r", b"\x4bE\x03", b"\x03E\x03\x00"),
    ]
)
NEARLY = st.builds(
    lambda start, pieces, end: HEADER + start + b"".join(pieces) + end,
    st.sampled_from([b"\x45", b"\x00\x07\x56", b""]),
    st.lists(_PIECES, max_size=25),
    st.sampled_from([b"\x01", b"\x01\x00", b""]),
)
ANYTHING = st.one_of(st.binary(max_size=64), st.binary(max_size=64).map(HEADER.__add__), NEARLY)

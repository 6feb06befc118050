import pytest

from mdm.codepages import tag
from mdm.element import Element, element

SYNC, COLLECTIONS = tag("AirSync", "Sync"), tag("AirSync", "Collections")
COLLECTION, KEY = tag("AirSync", "Collection"), tag("AirSync", "SyncKey")

TREE = element(
    SYNC,
    element(COLLECTIONS, element(COLLECTION, element(KEY, "1")), element(COLLECTION, element(KEY, "2"))),
)


def test_names_come_from_the_tables_and_unknown_numbers_stand_for_themselves() -> None:
    assert (TREE.namespace, TREE.name) == ("AirSync", "Sync")
    assert (element((0, 0x3F)).namespace, element((0, 0x3F)).name) == ("AirSync", "0x3F")
    assert (element((99, 5)).namespace, element((99, 5)).name) == ("99", "0x05")


def test_find_gives_the_first_child_and_findall_every_one() -> None:
    collections = TREE.find(COLLECTIONS)
    assert collections is not None
    assert [found.text_of(KEY) for found in collections.findall(COLLECTION)] == ["1", "2"]
    assert collections.find(COLLECTION) == element(COLLECTION, element(KEY, "1"))
    assert collections.find(SYNC) is None
    assert collections.findall(SYNC) == []


def test_path_takes_the_first_child_at_each_step() -> None:
    assert TREE.path(COLLECTIONS, COLLECTION, KEY) == element(KEY, "1")
    assert TREE.path() is TREE
    assert TREE.path(COLLECTION, KEY) is None
    assert TREE.text_of(KEY) is None


@pytest.mark.parametrize(
    ("children", "text"),
    [
        ((), ""),
        (("a", "b"), "ab"),
        ((b"\xc3\xa9", "!"), "é!"),
        ((b"\xff",), "\ufffd"),
        (("a", element(KEY, "not this"), "b"), "ab"),
    ],
)
def test_text_joins_the_elements_own_strings(children: tuple[Element | str | bytes, ...], text: str) -> None:
    assert element(KEY, *children).text == text


def test_equality_is_by_value_and_form() -> None:
    assert element(KEY, "a") == element(KEY, "a")
    assert element(KEY, "a") != element(KEY, b"a")
    assert element(KEY, "ab") != element(KEY, "a", "b")
    assert element(KEY) != element(SYNC)
    assert element(KEY) != "SyncKey"


def test_an_element_is_no_dictionary_key_for_it_may_change() -> None:
    with pytest.raises(TypeError):
        hash(TREE)


def test_repr_reads_as_the_document() -> None:
    assert repr(element(KEY, "1")) == "<AirSync:SyncKey ['1']>"

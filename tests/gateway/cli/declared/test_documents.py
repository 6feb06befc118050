"""Files in TOML: one description, however many they are."""

from datetime import date
from typing import Any

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from gateway.cli.declared import documents
from gateway.cli.declared.values import Kind
from tests.support.described import state, told_faults

HOME = "[organisations.acme]\n"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[organisations", "no TOML: "),
        ("a = " + "[" * 3000, "no TOML: "),
        ("[organisation.acme]", "organisation: The only table at the top is organisations."),
        ("organisations = 3", "organisations: The only table at the top is organisations."),
        ("[organisations]\nacme = 3", "organisations.acme: must be a table"),
        ("[organisations.'A B']", "organisations.A B: An alias is 1 to 62"),
    ],
    ids=["no TOML", "too deep", "another table", "no table", "no organisation", "no alias"],
)
def test_what_is_no_description(text: str, fault: str) -> None:
    assert any(each.startswith(fault) for each in told_faults(text)), told_faults(text)


def test_a_file_that_is_no_text() -> None:
    (fault,) = documents.read([("f", b"\xff\xfe")]).faults
    assert str(fault).startswith("f: no TOML: ")


def test_several_files_are_one_description() -> None:
    found = state("[organisations.acme.groups.A]\n", "[organisations.acme.groups.B]\n", HOME)
    assert [key[2] for key in found.items if key[1] is Kind.GROUP] == [("A",), ("B",)]
    assert sum(key[1] is Kind.ORGANISATION for key in found.items) == 1


def test_no_file_says_again_what_another_says() -> None:
    group = b"[organisations.acme.groups.A]\n"
    described = documents.read([("one", group), ("two", group)])
    assert [str(each) for each in described.faults] == ["two: organisations.acme.groups.A: stands twice"]


def test_settings_win_over_a_mere_mention() -> None:
    settings = "[organisations.acme.settings]\nname = 'Acme'\n"
    for files in ((HOME, settings), (settings, HOME)):
        (item,) = state(*files).items.values()
        assert item.values == {"name": "Acme"}


WORDS = st.sampled_from(
    (
        *("settings", "safeguards", "access", "domains", "groups", "resources", "permissions", "policies"),
        *("rules", "complete", "name", "members", "assigned", "cleared", "conditions", "criterion", "is"),
        *("default", "user", "effect", "rights", "acme.example", "ann@acme.example", "Staff", "x"),
    )
)
LEAVES = st.one_of(
    WORDS,
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    st.integers(-(2**63), 2**63 - 1),
    st.booleans(),
    st.floats(),
    st.just(date(2026, 1, 1)),
)
TABLES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(WORDS, TABLES, max_size=4))
def test_whatever_a_file_holds_has_items_or_faults(sections: dict[str, Any]) -> None:
    text = tomli_w.dumps({"organisations": {"acme": sections}})
    told_faults(text)
    assert documents.read([("f", text.encode())]).organisations == ("acme",)

"""What people read at a terminal (T22)."""

from datetime import UTC, datetime

import pytest

from gateway.cli.tables import cell, listing, table, table_blocks, visible
from mdm.device import DeviceState


def test_columns_are_as_wide_as_they_must_be() -> None:
    assert table(("A", "B"), [("long one", 1), ("x", None)]) == "A         B\nlong one  1\nx         -"
    assert table(("A",), []) == "A"


def test_a_listing_leaves_out_what_is_not_there() -> None:
    assert (
        listing({"a": 1, "name": "x", "b": None, "c": "", "d": [], "e": False})
        == "a     1\nname  x\ne     no"
    )
    assert listing({}) == ""


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (datetime(2026, 3, 1, 12, 30, 15, tzinfo=UTC), "2026-03-01 12:30:15Z"),
        (DeviceState.WIPE_REQUIRED, "Wipe Required"),
        (["a", "b"], "a, b"),
        (True, "yes"),
        (0, "0"),
    ],
)
def test_cells(value: object, shown: str) -> None:
    assert cell(value) == shown


@pytest.mark.parametrize(
    "text", ["\x1b[2J", "a\nb", "a\rb", "\x9b31m", "a\u202eb", "\u200b", "\x07", "\x7f", "\ud800", "\u2028"]
)
def test_nothing_reaches_the_terminal_that_it_would_obey(text: str) -> None:
    shown = visible(text)
    assert shown.isprintable()
    assert "\\" in shown
    shown.encode()


def test_other_letters_stay() -> None:
    assert visible("Ännas 📱 テスト") == "Ännas 📱 テスト"


def test_a_table_in_pieces_widens_as_it_goes() -> None:
    pages = [[("x", 1)], [], [("a long one", 2)], [("y", 3)]]
    blocks = list(table_blocks(("A", "B"), pages))
    assert "".join(blocks) == "A  B\nx  1\na long one  2\ny           3\n"
    assert list(table_blocks(("A", "B"), [])) == ["A  B\n"]

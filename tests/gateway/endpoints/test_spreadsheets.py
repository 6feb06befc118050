"""Columns for a spreadsheet, and cells that are no formulas (T23)."""

import pytest

from gateway.endpoints.spreadsheets import COLUMNS, harmless
from gateway.records.inventory import FIELDS


def test_every_column_can_be_asked_for() -> None:
    assert set(COLUMNS) - set(FIELDS) == {"enable_outbound_sms"}
    assert set(FIELDS) - set(COLUMNS) == {"user_name"}


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\n=1", "＝1", "＠x"]
)
def test_what_looks_like_a_formula_gets_an_apostrophe(text: str) -> None:
    assert harmless(text).startswith("'")
    assert "\t" not in harmless(text)


@pytest.mark.parametrize(("text", "after"), [("a;=1", "a;'=1"), ("a; ＋1;@b", "a;' ＋1;'@b"), ("a;b", "a;b")])
def test_nor_does_one_begin_where_a_semicolon_separates_columns(text: str, after: str) -> None:
    assert harmless(text) == after


@pytest.mark.parametrize("text", ["iPhone", "", "a=b", "1-2", "Ünïcode"])
def test_anything_else_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text
    assert harmless(None) == ""

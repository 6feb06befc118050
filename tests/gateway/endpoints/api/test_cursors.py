"""Cursors say where a page begins and nothing else (product 7.3)."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.endpoints.api.cursors import read_number, read_place, read_texts, write_cursor
from gateway.errors import GatewayError


@given(st.lists(st.text().filter(str.isprintable), min_size=1, max_size=3))
def test_texts_come_back(texts: list[str]) -> None:
    assert read_texts(write_cursor(*texts), len(texts)) == tuple(texts)


@given(st.integers(0, 2**63 - 1))
def test_numbers_come_back(number: int) -> None:
    assert read_number(write_cursor(number)) == number


def test_no_cursor_is_the_beginning() -> None:
    assert read_texts("", 2) is None
    assert read_number("") == 0


@given(st.text())
def test_whatever_else_is_read_or_is_malformed(cursor: str) -> None:
    for read in (lambda: read_texts(cursor, 2), lambda: read_number(cursor)):
        try:
            read()
        except GatewayError as error:
            assert list(error.faults) == ["cursor"]


@pytest.mark.parametrize(
    "value", [True, -1, 2**63, 1.0, "1", None, ["1"], {}, [True], [-1], [2**63], [1, 2], [], "[" * 50_000]
)
def test_a_number_is_a_number(value: object) -> None:
    text = value if isinstance(value, str) and value.startswith("[[") else json.dumps(value)
    cursor = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
    with pytest.raises(GatewayError):
        read_number(cursor)


@given(
    st.lists(
        st.one_of(st.text(st.characters(codec="utf-8", exclude_characters="\0")), st.integers(0, 2**63 - 1))
    )
)
def test_a_place_comes_back_under_its_mark_only(place: list[str | int]) -> None:
    cursor = write_cursor("mark", *place)
    assert read_place(cursor, "mark") == tuple(place)
    with pytest.raises(GatewayError):
        read_place(cursor, "other")


@pytest.mark.parametrize("part", [-1, 2**63, 1.5, True, None, "a\0", "\ud800", ["x"]])
def test_a_place_that_somebody_wrote(part: object) -> None:
    with pytest.raises(GatewayError):
        read_place(write_cursor("mark", part), "mark")  # type: ignore[arg-type]


def test_no_cursor_is_no_place() -> None:
    assert read_place("", "mark") is None

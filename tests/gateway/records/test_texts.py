"""Texts of strangers."""

import pytest

from gateway.records.texts import marked, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 漢", "plain é 漢"),
        ("a\u202eb", r"a\u202eb"),
        ("\x1b[31m\n", r"\x1b[31m\n"),
        ("zero\u200bwidth", r"zero\u200bwidth"),
        ("", ""),
    ],
)
def test_nothing_is_hidden(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_what_was_spelled_out_is_known() -> None:
    assert list(marked("a\u202e\u202bb")) == [("a", False), (r"\u202e\u202b", True), ("b", False)]

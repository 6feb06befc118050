"""Texts in pages: nothing hides and nothing runs (T22)."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from gateway.endpoints.escaping import environment, raw, visible, when, word
from mdm.device import DeviceState


@pytest.mark.parametrize("letter", ["\u202e", "\u200b", "\x07", "\ufeff"])
def test_what_does_not_print_is_shown_by_its_number(letter: str) -> None:
    assert letter not in visible(f"a{letter}b")
    assert f"{ord(letter):04X}" in visible(letter)


def test_a_template_escapes_and_misses_nothing(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("{{ text }}|{{ text|raw }}")
    page = environment(str(tmp_path)).get_template("page.html")
    assert page.render(text="<b>\u202e") == f"&lt;b&gt;{visible(chr(0x202E))}|{raw('<b>')}\u202e"
    with pytest.raises(UndefinedError):
        page.render()


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), ("", "–"), ([], "–"), (DeviceState.WIPE_REQUIRED, "Wipe Required"), ([1, "b"], "1, b")],
)
def test_values_in_words(value: object, text: str) -> None:
    assert word(value) == text


def test_a_line_break_is_a_mark() -> None:
    assert visible("a\nb\tc") == "a␤b␉c"


def test_a_moment_is_exact_without_a_script() -> None:
    shown = str(when(datetime(2026, 3, 1, 12, 30, 15, tzinfo=UTC)))
    assert shown.startswith('<time datetime="2026-03-01T12:30:15+00:00" title="2026-03-01 12:30:15 UTC">')
    assert ">2026-03-01 12:30 UTC<" in shown
    assert str(when(None)) == "–"

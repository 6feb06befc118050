"""Whatever is written in a page stays text and can be seen (T22)."""

import re
from datetime import UTC, datetime
from importlib.resources import files

import pytest

from gateway.endpoints.console.pages import ENVIRONMENT
from gateway.endpoints.escaping import visible, when, word
from mdm.device import DeviceState

HOSTILE = "<script>alert(1)</script>\u202etxt.exe\u200b\x1b[2J\r\n\"'><img src=x onerror=alert(1)>"


def test_text_is_escaped_and_nothing_in_it_hides() -> None:
    shown = ENVIRONMENT.from_string("<p title='{{ x }}'>{{ x }}</p>").render(x=HOSTILE)
    assert "<script" not in shown
    assert "<img" not in shown
    for hidden in ("\u202e", "\u200b", "\x1b", "\r"):
        assert hidden not in shown
    assert "U+202E" in shown


def test_a_forms_value_comes_back_as_it_was() -> None:
    shown = ENVIRONMENT.from_string('<input value="{{ x|raw }}">').render(x='a\u200b"b')
    assert shown == '<input value="a\u200b&#34;b">'


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), ("", "–"), (DeviceState.WIPE_REQUIRED, "Wipe Required"), ([1, "b"], "1, b")],
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


BANNED = ("|safe", "autoescape false", "<style", " style=", " onclick", " onload", "javascript:", "hx-on")


def test_a_page_that_looks_again_by_itself_says_so() -> None:
    again = []
    for entry in files("gateway.endpoints.console").joinpath("templates").iterdir():
        elements = re.findall(
            r"<[a-z]+[^<]*hx-trigger=[^<]*?every \d+s[^<]*", entry.read_text(encoding="utf-8")
        )
        again += elements
        assert all('"X-Usher-Unattended": "true"' in each for each in elements), entry.name
    assert len(again) == 2


def test_no_template_switches_escaping_off_or_runs_anything() -> None:
    for entry in files("gateway.endpoints.console").joinpath("templates").iterdir():
        text = entry.read_text(encoding="utf-8")
        assert [each for each in BANNED if each in text] == [], entry.name
        assert text.count("<script") == text.count('<script src="/console/static/'), entry.name

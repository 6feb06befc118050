"""Texts in pages: nothing hides and nothing runs (T22). Dates and words: the console's test_pages."""

from pathlib import Path

import pytest
from jinja2 import UndefinedError

from gateway.endpoints.escaping import environment, raw, visible


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

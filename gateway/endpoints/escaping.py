"""Texts as they leave in pages (product 7.2; T22): Jinja2 with escaping always on, and values made visible.

Whatever a device or a person wrote is text and stays text: nothing is marked safe here, no script or style
stands in a page, and characters that a reader would not see or that turn the order of letters are spelled
out.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

MARKS: Mapping[str, str] = {"\n": "\N{SYMBOL FOR NEWLINE}", "\t": "\N{SYMBOL FOR HORIZONTAL TABULATION}"}
"""Characters that have a picture of their own; all others that do not print are shown by their number."""


def visible(value: object) -> str:
    """``value`` as text in which nothing hides: what does not print is shown by its number."""
    return "".join(letter if letter.isprintable() else _mark(letter) for letter in str(value))


def _mark(letter: str) -> str:
    return MARKS.get(
        letter, f"\N{LEFT WHITE SQUARE BRACKET}U+{ord(letter):04X}\N{RIGHT WHITE SQUARE BRACKET}"
    )


def word(value: object) -> str:
    """A value of an API's answer for people: enumerations by their word, what is not there as a dash."""
    if value is None or value in ("", [], ()):
        return "\N{EN DASH}"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, list | tuple):
        return ", ".join(word(each) for each in value)
    return visible(value)


def when(moment: datetime | None) -> Markup:
    """A ``time`` element: exact in UTC, and in the reader's zone and words where console.js runs."""
    if moment is None:
        return Markup("\N{EN DASH}")
    exact = moment.astimezone(UTC)
    shown = exact.strftime("%Y-%m-%d %H:%M UTC")
    attributes = Markup('<time datetime="{}" title="{}">{}</time>')
    return attributes.format(exact.isoformat(), exact.strftime("%Y-%m-%d %H:%M:%S UTC"), shown)


def raw(value: object) -> Markup:
    """A form's value, which a program reads back: escaped, and otherwise untouched."""
    return escape(str(value))


def environment(folder: str) -> Environment:
    """Templates of a folder; whatever they need and are not given is an error, never an empty place."""
    made = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.loopcontrols"],
    )
    # What a template shows passes here when it says nothing else, so a new page hides no letter either.
    made.finalize = _shown
    made.filters |= {"word": word, "when": when, "visible": visible, "raw": raw}
    return made


def _shown(value: object) -> object:
    if isinstance(value, Markup):
        return value
    if value is None:
        return ""
    return visible(value.value if isinstance(value, Enum) else value)

"""Pages as they leave the console: Jinja2 with escaping always on, and values made visible (product 7.2;
T22).

Whatever a device, a person or another administrator wrote is text and stays text: nothing is marked safe
here, no script or style stands in a page, and characters that a reader would not see or that turn the order
of letters are spelled out.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from gateway.endpoints.console.wording import Language

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
    if value is None or value == "":
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


def honouring(answers: Mapping[str, Enum], wanted: str) -> list[str]:
    """Client families that answer a setting in one way (product 4.5)."""
    return [family for family, answer in answers.items() if answer.value == wanted]


def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("gateway.endpoints.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.loopcontrols"],
    )
    # What a template shows passes here when it says nothing else, so a new page hides no letter either.
    made.finalize = _shown
    made.filters |= {"word": word, "when": when, "visible": visible, "raw": raw, "honouring": honouring}
    return made


def _shown(value: object) -> object:
    if isinstance(value, Markup):
        return value
    if value is None:
        return ""
    return visible(value.value if isinstance(value, Enum) else value)


def render(template: str, language: Language, values: Mapping[str, Any]) -> str:
    """A template's text; whatever it needs and is not given is an error, never an empty place."""
    words: dict[str, Any] = {"_": language.text, "plural": language.plural, "lang": language.code}
    return ENVIRONMENT.get_template(template).render({**words, **values})


def raw(value: object) -> Markup:
    """A form's value, which a program reads back: escaped, and otherwise untouched."""
    return escape(str(value))


ENVIRONMENT = _environment()

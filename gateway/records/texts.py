"""Texts of strangers where people read them: what devices report of themselves is printed and shown (T22)."""

from collections.abc import Iterator
from datetime import UTC, datetime
from enum import Enum
from itertools import groupby


def visible(text: str) -> str:
    """``text`` with every character spelled out that is not simply shown: controls, and what turns letters
    round or hides them."""
    return "".join(part for part, _ in marked(text))


def cell(value: object) -> str:
    """One value on one line."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, list | tuple):
        return ", ".join(cell(each) for each in value)
    return visible(str(value))


def marked(text: str) -> Iterator[tuple[str, bool]]:
    """The parts of ``visible``, with whether each had to be spelled out."""
    for shown, letters in groupby(text, str.isprintable):
        part = "".join(letters)
        yield (part, False) if shown else ("".join(map(_spelled, part)), True)


def _spelled(letter: str) -> str:
    return letter.encode("unicode_escape").decode("ascii")

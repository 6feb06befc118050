"""Values as text for people at a terminal.

What devices report of themselves is printed too, so nothing may reach the terminal that it would obey or that
would change the order of the letters (T22): every character that is not printable is spelled out.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

from gateway.records.texts import cell, visible

__all__ = ["cell", "json_line", "listing", "table", "table_blocks", "visible"]


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Columns as wide as their widest cell."""
    lines = [list(headings), *([cell(value) for value in row] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    return "\n".join(_line(line, widths) for line in lines)


def table_blocks(headings: Sequence[str], pages: Iterable[Iterable[Sequence[object]]]) -> Iterator[str]:
    """The same in pieces, a page each; a page widens columns for itself and for those after it."""
    widths = [len(each) for each in headings]
    head: list[list[str]] = [list(headings)]
    for rows in pages:
        lines = head + [[cell(value) for value in row] for row in rows]
        widths = [max([width, *(len(line[at]) for line in lines)]) for at, width in enumerate(widths)]
        yield "".join(f"{_line(line, widths)}\n" for line in lines)
        head = []
    if head:
        yield f"{_line(head[0], widths)}\n"


def listing(values: Mapping[str, object]) -> str:
    """One value a line, names first; what is not there is left out."""
    told = {name: cell(value) for name, value in values.items() if value not in (None, "", (), [])}
    width = max((len(name) for name in told), default=0)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in told.items())


def json_line(document: object) -> str:
    """One line of JSON that a terminal simply shows, too: what it would obey is escaped."""
    text = json.dumps(document, ensure_ascii=False)
    return "".join(each if each.isprintable() else _escaped(each) for each in text)


def _escaped(letter: str) -> str:
    return f"\\u{ord(letter):04x}" if letter.isascii() else json.dumps(letter)[1:-1]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(f"{text:<{width}}" for text, width in zip(cells, widths, strict=True)).rstrip()

"""A table of people as items of the API's bulk route, line by line (product 7.4, 10).

UTF-8, with or without the mark that spreadsheets put in front; ``;``, ``,`` or a tab, whichever the first
line has most of; quotes as everywhere. What is wrong with a line is said of that line. A file that cannot be
read at all, or has a column that nobody knows, is refused before its first line.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TextIO

from gateway.endpoints.api.bulk import Unreadable
from gateway.endpoints.api.bulk_users import UserItems
from gateway.errors import GatewayError, Kind
from gateway.records import DETAILS

SEPARATORS = ";,\t"
BETWEEN = "|"
MARK = "\ufeff"
TEXTS = ("address", "display_name", "password", "first_name", "last_name")
LISTS = ("aliases", "groups")
COLUMNS = frozenset((*TEXTS, *LISTS, *DETAILS))
LINE_LIMIT = 65_536
"""Characters of one field: a quote that is never closed would swallow the rest of the file."""


@dataclass(slots=True)
class Line:
    """A line of the table; ``drawn`` where its password was made up here.

    Attributes:
        number: of the line in the file on which it begins, from 1.
        fault: why it is no item.
    """

    number: int
    item: dict[str, Any]
    fault: str = ""
    drawn: bool = False

    @property
    def address(self) -> str:
        return str(self.item.get("address", ""))

    @property
    def groups(self) -> list[str]:
        return list(self.item.get("groups", ()))


def lines(file: TextIO) -> Iterator[Line]:
    """The lines below the heading, read as they are asked for.

    Raises:
        GatewayError: MALFORMED for what is no such table, wherever in it that shows.
    """
    csv.field_size_limit(LINE_LIMIT)
    try:
        yield from _lines(file)
    except UnicodeDecodeError:
        raise _unreadable("The file is not in UTF-8: save it as CSV UTF-8.") from None
    except csv.Error as error:
        raise _unreadable(f"This is no CSV: {error}.") from None


def _unreadable(why: str) -> GatewayError:
    return GatewayError(Kind.MALFORMED, why)


def _lines(file: TextIO) -> Iterator[Line]:
    heading = file.readline().removeprefix(MARK)
    file.seek(0)
    separator = max(SEPARATORS, key=heading.count)
    reader = csv.reader(file, delimiter=separator, strict=True)
    names = [_name(text.removeprefix(MARK)) for text in next(reader, [])]
    _require_known(names)
    begins = reader.line_num + 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield _line(begins, names, cells)
        begins = reader.line_num + 1


def _name(text: str) -> str:
    return text.strip().casefold().replace(" ", "_").replace("-", "_")


def _require_known(names: list[str]) -> None:
    unknown = [name or "(none)" for name in names if name not in COLUMNS]
    if unknown:
        known = ", ".join(sorted(COLUMNS))
        raise _unreadable(f"Columns that are not known: {', '.join(unknown)}; known are: {known}.")
    twice = {name for name in names if names.count(name) > 1}
    if twice or "address" not in names:
        named = ", ".join(sorted(twice))
        raise _unreadable(f"Columns that stand twice: {named}." if twice else "There is no column address.")


def _line(number: int, names: list[str], cells: list[str]) -> Line:
    if len(cells) > len(names):
        return Line(number, {"address": cells[0].strip()}, f"It has {len(cells)} fields, not {len(names)}.")
    # A short line leaves out its last fields.
    pairs = zip(names, cells, strict=False)
    given = {name: cell if name == "password" else cell.strip() for name, cell in pairs}
    item: dict[str, Any] = {name: given[name] for name in TEXTS if given.get(name)}
    item |= {name: _several(given[name]) for name in LISTS if given.get(name)}
    details = {name: given[name] for name in DETAILS if given.get(name)}
    if details:
        item["details"] = details
    return Line(number, item, _fault(item))


def _several(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(BETWEEN) if part.strip()]


def _fault(item: dict[str, Any]) -> str:
    """What the API would say of it before it looks at anything that is there: the same model reads it."""
    read: object = UserItems.model_validate({"items": [item]}).items[0]
    faults = read.faults if isinstance(read, Unreadable) else {}
    return "; ".join(f"{name}: {fault}" for name, fault in faults.items())

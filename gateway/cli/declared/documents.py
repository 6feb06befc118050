"""Files in TOML as described items, with every fault of all of them (product 7.5, 10).

Several files are one description: what one says, no other may say again.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.cli.declared.sections import TWICE, Placed, Reading, read_organisation
from gateway.cli.declared.values import Fault, Item, Key, Kind, Whole
from gateway.errors import GatewayError
from gateway.services.names import require_alias

ORGANISATIONS = "organisations"
"""The only key at the top of a file; below it stand aliases."""


@dataclass(frozen=True, slots=True)
class Described:
    """What files describe, with names as they were written."""

    placed: tuple[Placed, ...]
    whole: frozenset[Whole]
    faults: tuple[Fault, ...]

    @property
    def organisations(self) -> tuple[str, ...]:
        """Aliases, in the order of the files."""
        return tuple(dict.fromkeys(each.item.organisation for each in self.placed))


def read(files: Iterable[tuple[str, bytes]]) -> Described:
    """What all files describe together; name and content of each."""
    placed: list[Placed] = []
    whole: set[Whole] = set()
    faults: list[Fault] = []
    for file, content in files:
        for reading in _readings(file, content, faults):
            placed += reading.placed
            whole |= reading.whole
            faults += reading.faults
    return Described(_merged(placed, faults), frozenset(whole), tuple(faults))


def _readings(file: str, content: bytes, faults: list[Fault]) -> Iterable[Reading]:
    try:
        document = tomllib.loads(content.decode())
    except (ValueError, RecursionError) as error:
        faults.append(Fault(file, "", f"no TOML: {error}"))
        return
    for name, table in document.items():
        if name != ORGANISATIONS or not isinstance(table, Mapping):
            faults.append(Fault(file, name, f"The only table at the top is {ORGANISATIONS}."))
            continue
        for alias, content_of in table.items():
            yield _reading(file, alias, content_of)


def _reading(file: str, alias: str, content: Any) -> Reading:
    reading, place = Reading(file, alias), f"{ORGANISATIONS}.{alias}"
    try:
        require_alias(alias)
    except GatewayError as error:
        reading.fault(place, error.public)
    read_organisation(reading, content, place)
    return reading


def _merged(placed: Iterable[Placed], faults: list[Fault]) -> tuple[Placed, ...]:
    """Each item once; an organisation's mere mention goes into its settings."""
    kept: dict[Key, Placed] = {}
    for each in placed:
        there = kept.get(each.item.key)
        if there is None or (_is_mention(there.item) and not _is_mention(each.item)):
            kept[each.item.key] = each
        elif not _is_mention(each.item):
            faults.append(each.fault(TWICE))
    return tuple(kept.values())


def _is_mention(item: Item) -> bool:
    return item.kind is Kind.ORGANISATION and not item.values

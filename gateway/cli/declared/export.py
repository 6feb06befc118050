"""A state as a file that, applied, changes nothing (product 7.5)."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

import tomli_w

from gateway.cli.declared.bodies import BESIDE_SETTINGS
from gateway.cli.declared.documents import ORGANISATIONS
from gateway.cli.declared.resolving import Directory, Present
from gateway.cli.declared.values import COMPLETE, Item, Kind, Section
from gateway.services.effective import DEFAULT_NAME

Sheet = dict[str, Any]


def document(alias: str, present: Present, sections: Collection[Section], *, complete: bool) -> Sheet:
    """One organisation as a file has it.

    Args:
        complete: say of each section that there is nothing else, so that what is added later is a difference.
    """
    sheet: Sheet = {}
    if complete:
        sheet["complete"] = [section.value for section in COMPLETE if section in sections]
    for section, write in _WRITERS.items():
        if section in sections and (table := write(present)):
            sheet[section.value] = table
    return {ORGANISATIONS: {alias: sheet}}


def text(document: Mapping[str, Any]) -> str:
    """As TOML that a terminal simply shows: what it would obey is escaped, as strings in TOML may be."""
    written = tomli_w.dumps(document, multiline_strings=False)
    return "".join(each if each.isprintable() or each == "\n" else _escaped(each) for each in written)


def _escaped(letter: str) -> str:
    return f"\\u{ord(letter):04x}" if ord(letter) < 0x10000 else f"\\U{ord(letter):08x}"


def _settings(present: Present) -> Sheet:
    (item,) = _of(present, Kind.ORGANISATION)
    return dict(item.values)


def _safeguards(present: Present) -> Sheet:
    return {name: value for item in _of(present, Kind.SAFEGUARDS) for name, value in item.values.items()}


def _access(present: Present) -> Sheet:
    (default,), (mode,) = _of(present, Kind.DEFAULT), _of(present, Kind.MODE)
    return {**default.values, **mode.values}


def _domains(present: Present) -> Sheet:
    return {item.name[0]: _domain(item) for item in _of(present, Kind.DOMAIN)}


def _domain(item: Item) -> Sheet:
    """Only one can be the default, and is said to be; the others are it no more by that."""
    kept = {"backend": item.values["backend"]}
    return {"default": True, **kept} if item.values["default"] else kept


def _groups(present: Present) -> Sheet:
    members: dict[str, list[str]] = {}
    for item in _of(present, Kind.MEMBER):
        members.setdefault(item.parent, []).append(_whom(present.directory, item.name[1]))
    return {
        item.name[0]: {**item.values, "members": members.get(item.name[0], [])}
        for item in _of(present, Kind.GROUP)
    }


def _resources(present: Present) -> Sheet:
    return {item.name[0]: dict(item.values) for item in _of(present, Kind.RESOURCE)}


def _permissions(present: Present) -> Sheet:
    directory, sheet = present.directory, Sheet()
    rooms = {identity: address for address, identity in directory.resources.items()}
    for item in _of(present, Kind.PERMISSION):
        owner, grantee = item.name
        mailbox = directory.addresses.get(owner) or rooms.get(owner, owner)
        sheet.setdefault(mailbox, {})[_whom(directory, grantee)] = list(item.values["rights"])
    return sheet


def _policies(present: Present) -> Sheet:
    assigned: dict[str, list[Sheet]] = {}
    for item in _of(present, Kind.ASSIGNMENT):
        assigned.setdefault(item.parent, []).append(_assignment(present.directory, item))
    return {
        item.name[0]: _policy(item, assigned.get(item.name[0], []))
        for item in _of(present, Kind.POLICY)
        if item.name != (DEFAULT_NAME,) or item.version
    }


def _policy(item: Item, assigned: list[Sheet]) -> Sheet:
    said = item.values
    cleared = [name for name, value in said.items() if value is None]
    sheet: Sheet = {name: said[name] for name in BESIDE_SETTINGS if name in said}
    if cleared:
        sheet["cleared"] = cleared
    if item.name != (DEFAULT_NAME,):
        sheet["assigned"] = assigned
    kept = {name: value for name, value in said.items() if name not in BESIDE_SETTINGS and value is not None}
    return {**sheet, "settings": kept}


def _assignment(directory: Directory, item: Item) -> Sheet:
    _, reach, target, device = item.name
    priority = {"priority": item.values["priority"]} if item.values["priority"] else {}
    match reach:
        case "organisation":
            return {"organisation": True, **priority}
        case "domain":
            return {"domain": target, **priority}
        case "group":
            return {"group": directory.written(target, among_users=False), **priority}
        case _:
            user = {"user": directory.addresses.get(target, target)}
            return {**user, "device": device, **priority} if device else {**user, **priority}


def _rules(present: Present) -> Sheet:
    return {item.name[0]: _rule(item.values) for item in _of(present, Kind.RULE)}


def _rule(values: Mapping[str, Any]) -> Sheet:
    unsaid = {"description": "", "enabled": True}
    return {name: value for name, value in values.items() if unsaid.get(name) != value or name not in unsaid}


def _whom(directory: Directory, identity: str) -> str:
    return directory.addresses.get(identity) or directory.written(identity)


def _of(present: Present, kind: Kind) -> list[Item]:
    return [item for item in present.state.items.values() if item.kind is kind]


_WRITERS: Mapping[Section, Callable[[Present], Sheet]] = {
    Section.SETTINGS: _settings,
    Section.SAFEGUARDS: _safeguards,
    Section.ACCESS: _access,
    Section.DOMAINS: _domains,
    Section.GROUPS: _groups,
    Section.RESOURCES: _resources,
    Section.PERMISSIONS: _permissions,
    Section.POLICIES: _policies,
    Section.RULES: _rules,
}

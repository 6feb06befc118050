"""From the names in a file to whom they mean in one organisation (product 7.5).

People have aliases, and groups are called by name or address; the API knows ids. What a file describes and
is not there yet is known by its name, and gets its id when it is made.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gateway.cli.declared.documents import Described
from gateway.cli.declared.sections import TWICE, Placed
from gateway.cli.declared.values import Fault, Item, Key, Kind, State
from gateway.services.names import fold

NEW = "new:"
"""Begins what stands for the id of something that is yet to be made; no id begins so."""


@dataclass(frozen=True, slots=True)
class Directory:
    """Who is in an organisation, by each name they have, as the API looks for them.

    Attributes:
        users: address and alias to id. resources: address to id.
        groups: name to id. group_addresses: address to id.
        addresses: user id to primary address. names: group id to name.
        domains: names.
    """

    users: Mapping[str, str] = field(default_factory=dict)
    addresses: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)
    group_addresses: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    resources: Mapping[str, str] = field(default_factory=dict)
    domains: frozenset[str] = frozenset()

    def user(self, text: str) -> str | None:
        return text if text in self.addresses else self.users.get(fold(text))

    def group(self, text: str) -> str | None:
        """By id, address or name, in that order."""
        return text if text in self.names else self.group_addresses.get(fold(text)) or self.groups.get(text)

    def member(self, text: str) -> str | None:
        return self.user(text) or self.group(text)

    def mailbox(self, text: str) -> str | None:
        return self.user(text) or self.resources.get(fold(text))

    def written(self, group: str, *, among_users: bool = True) -> str:
        """How a file names a group so that it is found again: its name, or its id where a name misleads."""
        name = self.names.get(group, group)
        found = self.member(name) if among_users else self.group(name)
        return name if found == group else group


NOBODY = Directory()


@dataclass(frozen=True, slots=True)
class Present:
    """An organisation as it is; ``there`` is false for one that is yet to be made."""

    state: State = field(default_factory=State)
    directory: Directory = NOBODY
    there: bool = True


def resolve(described: Described, presents: Mapping[str, Present]) -> tuple[State, tuple[Fault, ...]]:
    """What ought to be, with ids for names, and a fault for everybody who is not there."""
    wanted: dict[Key, Item] = {}
    faults: list[Fault] = []
    for alias in described.organisations:
        mine = [each for each in described.placed if each.item.organisation == alias]
        found = _Resolver(_with_new(presents[alias].directory, mine), faults)
        for each in mine:
            item = found.item(each)
            if item is None:
                continue
            if item.key in wanted:
                faults.append(each.fault(TWICE))
            wanted[item.key] = item
    faults += _circles(wanted, described)
    return State(wanted, described.whole), tuple(faults)


def _circles(wanted: Mapping[Key, Item], described: Described) -> list[Fault]:
    """Groups that would come to be in themselves, as far as files say who is in them."""
    names = {item.identity: item.name[0] for item in wanted.values() if item.kind is Kind.MEMBER}
    inside: dict[tuple[str, str], set[str]] = {}
    for alias, kind, name in wanted:
        if kind is Kind.MEMBER and name[1] in names:
            inside.setdefault((alias, name[0]), set()).add(names[name[1]])
    return [
        each.fault("The group would be a member of itself.", "members")
        for each in described.placed
        if each.item.kind is Kind.GROUP and _leads_back(inside, each.item.organisation, each.item.name[0])
    ]


def _leads_back(inside: Mapping[tuple[str, str], set[str]], alias: str, group: str) -> bool:
    seen: set[str] = set()
    ahead = set(inside.get((alias, group), ()))
    while ahead - seen:
        following = (ahead - seen).pop()
        seen.add(following)
        ahead |= inside.get((alias, following), set())
    return group in seen


def _with_new(directory: Directory, placed: Iterable[Placed]) -> Directory:
    """The directory with what is described and not there yet."""
    items = [each.item for each in placed]
    groups = {each.name[0]: NEW + each.name[0] for each in items if each.kind is Kind.GROUP}
    rooms = {each.name[0]: NEW + each.name[0] for each in items if each.kind is Kind.RESOURCE}
    addresses = {
        each.values["address"]: directory.groups.get(each.name[0], NEW + each.name[0])
        for each in items
        if each.kind is Kind.GROUP and each.values.get("address")
    }
    names = {identity: name for name, identity in groups.items() if name not in directory.groups}
    return replace(
        directory,
        groups={**groups, **directory.groups},
        group_addresses={**addresses, **directory.group_addresses},
        names={**names, **directory.names},
        resources={**rooms, **directory.resources},
        domains=directory.domains | {each.name[0] for each in items if each.kind is Kind.DOMAIN},
    )


class _Resolver:
    def __init__(self, directory: Directory, faults: list[Fault]) -> None:
        self._directory = directory
        self._faults = faults

    def item(self, each: Placed) -> Item | None:
        match each.item.kind:
            case Kind.MEMBER:
                return self._member(each)
            case Kind.PERMISSION:
                return self._permission(each)
            case Kind.ASSIGNMENT:
                return self._assignment(each)
            case Kind.RULE:
                return replace(each.item, values=self._rule(each.item.values))
            case _:
                return each.item

    def _member(self, each: Placed) -> Item | None:
        group, text = each.item.name
        found = self._directory.member(text)
        if found is None:
            self._missing(each, f"There is no user or group {text}.")
            return None
        return replace(each.item, name=(group, found), identity=self._directory.groups[group])

    def _permission(self, each: Placed) -> Item | None:
        mailbox, grantee = each.item.name
        owner, friend = self._directory.mailbox(mailbox), self._directory.member(grantee)
        if owner is None:
            self._missing(each, f"There is no mailbox {mailbox}.")
        if friend is None:
            self._missing(each, f"There is no user or group {grantee}.")
        return replace(each.item, name=(owner, friend)) if owner and friend else None

    def _assignment(self, each: Placed) -> Item | None:
        policy, reach, target, device = each.item.name
        found: str | None = target
        if reach == "domain" and target not in self._directory.domains:
            found = None
        elif reach == "group":
            found = self._directory.group(target)
        elif reach in ("user", "device"):
            found = self._directory.user(target)
        if found is None:
            self._missing(each, f"There is no {'user' if reach == 'device' else reach} {target}.")
            return None
        return replace(each.item, name=(policy, reach, found, device))

    def _missing(self, each: Placed, text: str) -> None:
        self._faults.append(each.fault(text))

    def _rule(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """With the names by which the API shows users and groups; whom it does not know it names itself."""
        conditions = [
            {name: self._values(each["criterion"], part) for name, part in each.items()}
            for each in values.get("conditions", ())
        ]
        return {**values, "conditions": conditions}

    def _values(self, criterion: str, part: Any) -> Any:
        if not isinstance(part, list) or criterion not in ("user", "group"):
            return part
        return [self._value(criterion, text) for text in part]

    def _value(self, criterion: str, text: str) -> str:
        if criterion == "user":
            return self._directory.addresses.get(self._directory.user(text) or "", text)
        if text in self._directory.groups:
            return text
        return self._directory.names.get(self._directory.group(text) or "", text)

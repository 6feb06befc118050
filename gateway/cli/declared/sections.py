"""The sections of an organisation in a file, each read by the rules of the API itself (product 7.5, 10).

What a section may hold is the body of the API's own request, so a file knows no field that a request does
not, and every fault has the API's words. Nothing is looked up here: names stay as they were written.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, ValidationError

from gateway.cli.declared.values import COMPLETE, Fault, Item, Kind, Section, Whole
from gateway.endpoints.api import domains, groups, organisations, permissions, resources, safeguards
from gateway.endpoints.api.calls import TEXT_LIMIT, Body, Plain, choice
from gateway.endpoints.api.problems import faults_of
from gateway.errors import GatewayError
from gateway.records import Right
from gateway.services.effective import DEFAULT_NAME, MAXIMUM_PRIORITY
from gateway.services.names import fold, fold_domain, require_address, require_domain, require_text
from gateway.services.policies import read_document, require_name
from gateway.services.rule_books import read_rule
from gateway.services.safeguards import RANGES
from mdm.device import AccessLevel
from mdm.layers import Reach, said_by
from mdm.rule_documents import to_document
from mdm.rules import Mode

NO_TABLE = "must be a table"
TWICE = "stands twice"
BESIDE_DOCUMENT = ("assigned", "cleared")
"""Keys of a policy's table that are not its document's."""


Named = Annotated[str, Field(max_length=TEXT_LIMIT)]
"""Whom a file means; it is compared here, letter by letter, and never sent."""


class Access(Body):
    """Section ``access``; ``spare_known`` says how the default is changed and is no state."""

    default: Annotated[AccessLevel, choice()] | None = None
    mode: Annotated[Mode, choice()] | None = None
    spare_known: bool | None = None


class Members(Body):
    """Who is in a group: addresses of users, names or addresses of groups."""

    members: list[Named]


class Assigned(Body):
    """For whom a policy holds: exactly one of the first four; ``device`` is one of the user's."""

    organisation: Literal[True] | None = None
    domain: Named | None = None
    group: Named | None = None
    user: Named | None = None
    device: Plain | None = None
    priority: Annotated[int, Field(ge=-MAXIMUM_PRIORITY, le=MAXIMUM_PRIORITY)] = 0

    def reaches(self) -> list[Reach]:
        """What is named of the first four."""
        names = ("organisation", "domain", "group", "user")
        return [Reach[name.upper()] for name in names if getattr(self, name) is not None]


@dataclass(frozen=True, slots=True)
class Placed:
    """An item with the place at which it is described."""

    item: Item
    file: str
    place: str

    def fault(self, text: str, inner: str = "") -> Fault:
        return Fault(self.file, ".".join(filter(None, (self.place, inner))), text)


@dataclass(slots=True)
class Reading:
    """One organisation of one file, as far as it has been read."""

    file: str
    organisation: str
    placed: list[Placed] = field(default_factory=list)
    whole: set[Whole] = field(default_factory=set)
    faults: list[Fault] = field(default_factory=list)

    def add(
        self, kind: Kind, name: tuple[str, ...], values: Mapping[str, Any], place: str, label: str = ""
    ) -> None:
        """Keep an item."""
        item = Item(self.organisation, kind, name, values, label or (name[0] if name else ""))
        self.placed.append(Placed(item, self.file, place))

    def fault(self, place: str, text: str) -> None:
        self.faults.append(Fault(self.file, place, text))

    def table(self, value: object, place: str) -> Mapping[str, Any]:
        """A table, or a fault and an empty one."""
        if isinstance(value, Mapping):
            return value
        self.fault(place, NO_TABLE)
        return {}

    def checked(self, model: type[BaseModel], values: object, place: str) -> dict[str, Any] | None:
        """What was said, in the API's form; None where it is wrong."""
        try:
            read = model.model_validate(self.table(values, place))
        except ValidationError as error:
            located = [{**each, "loc": ("body", *each["loc"])} for each in error.errors()]
            for where, fault in faults_of(located).items():
                self.fault(f"{place}.{where}", fault)
            return None
        return read.model_dump(mode="json", exclude_unset=True)

    def named(self, rule: Callable[[str], str], name: str, place: str) -> str:
        """A name in its stored form; as it is, with a fault, where it has none."""
        try:
            return rule(name)
        except GatewayError as error:
            self.fault(place, error.public)
            return name

    def without(self, table: Mapping[str, Any], name: str, place: str, why: str) -> dict[str, Any]:
        """``table`` less a field of the request that stands elsewhere in a file."""
        if name in table:
            self.fault(f"{place}.{name}", why)
        return {key: value for key, value in table.items() if key != name}


def read_organisation(reading: Reading, value: object, place: str) -> None:
    """Every section of one organisation."""
    table = reading.table(value, place)
    reading.add(Kind.ORGANISATION, (), {}, place)
    for name, content in table.items():
        inner = f"{place}.{name}"
        if name == "complete":
            _complete(reading, content, inner)
        elif name in _READERS:
            _READERS[name](reading, reading.table(content, inner), inner)
        else:
            reading.fault(inner, f"There is no such section; known: complete, {', '.join(_READERS)}.")


def _complete(reading: Reading, content: object, place: str) -> None:
    known = {section.value: kind for section, kind in COMPLETE.items()}
    if not isinstance(content, list) or not all(isinstance(each, str) and each in known for each in content):
        reading.fault(place, f"must be a list of sections: {', '.join(known)}")
        return
    reading.whole.update((reading.organisation, known[each], "") for each in content)


def _settings(reading: Reading, table: Mapping[str, Any], place: str) -> None:
    kept = reading.without(table, "default_access", place, "stands in access as default")
    values = reading.checked(organisations.Changes, kept, place)
    if values is not None:
        reading.add(Kind.ORGANISATION, (), values, place)


def _safeguards(reading: Reading, table: Mapping[str, Any], place: str) -> None:
    values = reading.checked(safeguards.Changes, table, place) or {}
    for name, (low, high) in RANGES.items():
        if name in values and not low <= values[name] <= high:
            reading.fault(f"{place}.{name}", f"From {low} to {high}.")
    reading.add(Kind.SAFEGUARDS, (), values, place)


def _access(reading: Reading, table: Mapping[str, Any], place: str) -> None:
    values = reading.checked(Access, table, place) or {}
    if "mode" in values:
        reading.add(Kind.MODE, (), {"mode": values.pop("mode")}, f"{place}.mode")
    if "default" in values:
        reading.add(Kind.DEFAULT, (), values, f"{place}.default")


def _domains(reading: Reading, table: Mapping[str, Any], place: str) -> None:
    defaults = []
    for name, content in table.items():
        inner = f"{place}.{name}"
        values = reading.checked(domains.Changes, content, inner) or {}
        defaults += [inner] if values.get("default") else []
        reading.add(Kind.DOMAIN, (reading.named(require_domain, name, inner),), values, inner)
    for inner in defaults[1:]:
        reading.fault(f"{inner}.default", "Only one domain is the default.")


def _groups(reading: Reading, table: Mapping[str, Any], place: str) -> None:
    for name, content in table.items():
        inner = f"{place}.{name}"
        group = reading.named(lambda text: require_text("name", text), name, inner)
        given = reading.table(content, inner)
        kept = reading.without(given, "name", inner, "The name is the key of the table.")
        members = {"members": kept.pop("members")} if "members" in kept else {}
        reading.add(Kind.GROUP, (group,), reading.checked(groups.Changes, kept, inner) or {}, inner)
        listed = reading.checked(Members, members, inner) if members else None
        if listed is not None:
            _members(reading, group, listed["members"], f"{inner}.members")


def _members(reading: Reading, group: str, members: Sequence[str], place: str) -> None:
    reading.whole.add((reading.organisation, Kind.MEMBER, group))
    for number, member in enumerate(members):
        reading.add(Kind.MEMBER, (group, member), {}, f"{place}.{number}", member)


def _resources(reading: Reading, table: Mapping[str, Any], place: str) -> None:
    for name, content in table.items():
        inner = f"{place}.{name}"
        given = reading.table(content, inner)
        kept = reading.without(given, "address", inner, "The address is the key of the table.")
        values = reading.checked(resources.Changes, kept, inner)
        reading.add(Kind.RESOURCE, (reading.named(require_address, name, inner),), values or {}, inner)


def _permissions(reading: Reading, table: Mapping[str, Any], place: str) -> None:
    order = [right.value for right in Right]
    for mailbox, content in table.items():
        for grantee, rights in reading.table(content, f"{place}.{mailbox}").items():
            inner = f"{place}.{mailbox}.{grantee}"
            values = reading.checked(permissions.Rights, {"rights": rights}, inner) or {"rights": []}
            kept = {"rights": sorted(set(values["rights"]), key=order.index)}
            reading.add(Kind.PERMISSION, (mailbox, grantee), kept, inner, f"{grantee} on {mailbox}")


def _policies(reading: Reading, table: Mapping[str, Any], place: str) -> None:
    for name, content in table.items():
        inner = f"{place}.{name}"
        try:
            require_name(name)
        except GatewayError as error:
            reading.fault(inner, error.public)
        given = reading.table(content, inner)
        reading.add(Kind.POLICY, (name,), _document(reading, given, inner), inner)
        if "assigned" in given:
            _assigned(reading, name, given["assigned"], f"{inner}.assigned")


def _document(reading: Reading, table: Mapping[str, Any], place: str) -> Mapping[str, Any]:
    """What a policy says, in one flat table; ``cleared`` are settings that are sent with no value."""
    document = {name: value for name, value in table.items() if name not in BESIDE_DOCUMENT}
    settings = reading.table(document.get("settings", {}), f"{place}.settings")
    cleared = table.get("cleared", [])
    if not isinstance(cleared, list) or not all(isinstance(each, str) for each in cleared):
        reading.fault(f"{place}.cleared", "must be a list of settings")
        cleared = []
    for each in cleared:
        if each in settings:
            reading.fault(f"{place}.cleared", f"{each} is set as well")
    try:
        read = read_document({**document, "settings": {**settings, **dict.fromkeys(cleared)}})
    except GatewayError as error:
        for name, fault in error.faults.items():
            reading.fault(f"{place}.settings.{name}" if name in settings else f"{place}.{name}", fault)
        return {}
    return said_by(read)


def _assigned(reading: Reading, policy: str, content: object, place: str) -> None:
    reading.whole.add((reading.organisation, Kind.ASSIGNMENT, policy))
    if not isinstance(content, list):
        reading.fault(place, "must be a list of tables")
        return
    if policy == DEFAULT_NAME:
        reading.fault(place, "The organisation's own policy holds for everybody, below all others.")
        return
    for number, each in enumerate(content):
        inner = f"{place}.{number}"
        values = reading.checked(Assigned, each, inner)
        if values is not None:
            _assignment(reading, policy, Assigned(**values), inner)


def _assignment(reading: Reading, policy: str, each: Assigned, place: str) -> None:
    reaches = each.reaches()
    if len(reaches) != 1 or (each.device is not None and reaches != [Reach.USER]):
        text = "Exactly one of organisation, domain, group and user is needed; device goes with user."
        reading.fault(place, text)
        return
    reach = reaches[0] if each.device is None else Reach.DEVICE
    target = each.domain or each.group or each.user or ""
    device = (each.device or "").upper()
    name = (policy, reach.name.lower(), fold_domain(target) if reach is Reach.DOMAIN else target, device)
    label = " ".join(filter(None, (reach.name.lower(), target, device)))
    reading.add(Kind.ASSIGNMENT, name, {"priority": each.priority}, place, f"{policy} for {label}")


def _rules(reading: Reading, table: Mapping[str, Any], place: str) -> None:
    for identity, content in table.items():
        inner = f"{place}.{identity}"
        given = reading.table(content, inner)
        kept = reading.without(given, "id", inner, "The id is the key of the table.")
        try:
            read = to_document(read_rule({"name": identity, **kept, "id": identity}))
        except GatewayError as error:
            for name, fault in error.faults.items():
                reading.fault(f"{inner}.{name}", fault)
            read = {}
        values = {name: value for name, value in read.items() if name != "id"}
        reading.add(Kind.RULE, (identity,), _folded(values), inner)


def _folded(values: Mapping[str, Any]) -> dict[str, Any]:
    """A rule with its domains and addresses as they are kept; who they are is found later."""
    rules = {"domain": fold_domain, "user": fold}
    conditions = [
        {
            name: [rules[each["criterion"]](value) for value in part]
            if isinstance(part, list) and each["criterion"] in rules
            else part
            for name, part in each.items()
        }
        for each in values.get("conditions", ())
    ]
    return {**values, "conditions": conditions}


_READERS: Mapping[str, Callable[[Reading, Mapping[str, Any], str], None]] = {
    Section.SETTINGS.value: _settings,
    Section.SAFEGUARDS.value: _safeguards,
    Section.ACCESS.value: _access,
    Section.DOMAINS.value: _domains,
    Section.GROUPS.value: _groups,
    Section.RESOURCES.value: _resources,
    Section.PERMISSIONS.value: _permissions,
    Section.POLICIES.value: _policies,
    Section.RULES.value: _rules,
}

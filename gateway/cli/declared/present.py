"""What is there, asked of the REST API (product 7.5): only what a description speaks of."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.cli.api import Api, at
from gateway.cli.declared.documents import Described
from gateway.cli.declared.resolving import Directory, Present
from gateway.cli.declared.values import Item, Key, Kind, State
from gateway.endpoints.api.domains import DomainList
from gateway.endpoints.api.groups import GroupList, GroupView, MemberList
from gateway.endpoints.api.organisations import OrganisationView
from gateway.endpoints.api.permissions import PermissionList
from gateway.endpoints.api.policy_views import AssignmentList, PolicyList, PolicyView
from gateway.endpoints.api.resources import ResourceList, ResourceView
from gateway.endpoints.api.rule_views import RuleBookView
from gateway.endpoints.api.safeguards import SafeguardsView
from gateway.endpoints.api.users import UserList
from gateway.errors import GatewayError
from gateway.errors import Kind as Refusal
from gateway.records import OrganisationState
from gateway.services.effective import DEFAULT_NAME
from gateway.services.names import fold
from mdm.layers import said_by

SETTINGS = (
    "name",
    "state",
    "user_source",
    "backend",
    "provisioning_signal",
    "legacy_versions",
    "strict_absent_key",
    "device_limit",
)
GROUP = ("address", "state", "backend", "priority")
RESOURCE = ("name", "kind", "state")
NO_SAFEGUARDS = frozenset({"frozen", "lifted_at"})
"""What is shown among the safeguards and is an event."""

NAMING = frozenset({Kind.MEMBER, Kind.PERMISSION, Kind.ASSIGNMENT, Kind.RULE})
"""Kinds whose items name users and groups."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What has to be known of an organisation.

    Attributes:
        groups: names of those whose members matter, None for all.
    """

    kinds: frozenset[Kind]
    groups: frozenset[str] | None = None


EVERYTHING = Wanted(frozenset(Kind))


def wanted(described: Described, alias: str) -> Wanted:
    """What a description speaks of."""
    items = [each.item for each in described.placed if each.item.organisation == alias]
    mine = [(kind, parent) for home, kind, parent in described.whole if home == alias]
    kinds = {each.kind for each in items} | {kind for kind, _ in mine}
    return Wanted(frozenset(kinds), frozenset(parent for kind, parent in mine if kind is Kind.MEMBER))


def read(api: Api, alias: str, want: Wanted) -> Present:
    """One organisation; GatewayError as the API refuses, but none for an organisation that is not there."""
    try:
        home = api.get(at("organisations", alias), OrganisationView)
    except GatewayError as error:
        if error.kind is Refusal.NOT_FOUND:
            return Present(there=False)
        raise
    return _Reader(api, home.alias, want).read(home)


class _Reader:
    def __init__(self, api: Api, alias: str, want: Wanted) -> None:
        self._api = api
        self._alias = alias
        self._want = want
        self._items: dict[Key, Item] = {}

    def read(self, home: OrganisationView) -> Present:
        kinds = self._want.kinds
        self._add(Kind.ORGANISATION, (), settings_of(home))
        self._add(Kind.DEFAULT, (), {"default": home.default_access.value})
        self._add(Kind.MODE, (), {"mode": home.rules_mode.value})
        naming = bool(kinds & NAMING)
        groups = self._groups() if naming or Kind.GROUP in kinds else []
        rooms = self._resources() if kinds & {Kind.RESOURCE, Kind.PERMISSION} else []
        domains = self._domains() if kinds & {Kind.DOMAIN, Kind.ASSIGNMENT, Kind.RULE} else []
        if Kind.SAFEGUARDS in kinds:
            shown = self._api.get(self._at("safeguards"), SafeguardsView)
            self._add(Kind.SAFEGUARDS, (), safeguards_of(shown))
        if Kind.PERMISSION in kinds:
            self._permissions()
        if kinds & {Kind.POLICY, Kind.ASSIGNMENT}:
            self._policies()
        if Kind.RULE in kinds:
            self._rules()
        return Present(State(self._items), self._directory(groups, rooms, domains, naming))

    def _at(self, *parts: str) -> str:
        return at("organisations", self._alias, *parts)

    def _add(
        self, kind: Kind, name: tuple[str, ...], values: Mapping[str, Any], label: str = "", **more: Any
    ) -> None:
        item = Item(self._alias, kind, name, values, label or (name[0] if name else ""), **more)
        self._items[item.key] = item

    def _groups(self) -> Collection[GroupView]:
        pages = self._api.pages(self._at("groups"), GroupList)
        found = [each for page in pages for each in page.items]
        for each in found:
            self._add(Kind.GROUP, (each.name,), group_of(each), identity=each.id)
            if self._want.groups is None or each.name in self._want.groups:
                self._members(each)
        return found

    def _members(self, group: GroupView) -> None:
        for page in self._api.pages(self._at("groups", group.id, "members"), MemberList):
            for each in page.items:
                label = each.name if each.nested else each.address
                self._add(Kind.MEMBER, (group.name, each.id), {}, label, identity=group.id)

    def _resources(self) -> Collection[ResourceView]:
        pages = self._api.pages(self._at("resources"), ResourceList)
        found = [each for page in pages for each in page.items]
        for each in found:
            self._add(Kind.RESOURCE, (each.address,), resource_of(each), identity=each.id)
        return found

    def _domains(self) -> Collection[str]:
        found = self._api.get(self._at("domains"), DomainList).items
        for each in found:
            self._add(Kind.DOMAIN, (each.name,), {"default": each.default, "backend": each.backend})
        return [each.name for each in found]

    def _permissions(self) -> None:
        for page in self._api.pages(self._at("permissions"), PermissionList):
            for each in page.items:
                name = (each.mailbox_id, each.grantee_id)
                rights = [right.value for right in each.rights]
                self._add(Kind.PERMISSION, name, {"rights": rights}, f"{each.grantee} on {each.mailbox}")

    def _policies(self) -> None:
        self._add(Kind.POLICY, (DEFAULT_NAME,), {})
        for each in self._api.get(self._at("policies"), PolicyList).items:
            self._add(Kind.POLICY, (each.name,), policy_of(each), version=each.version)
        for one in self._api.get(self._at("policy_assignments"), AssignmentList).items:
            name = (one.policy, one.reach, one.target, one.device_id)
            whom = " ".join(filter(None, (one.reach, one.label, one.device_id)))
            self._add(Kind.ASSIGNMENT, name, {"priority": one.priority}, f"{one.policy} for {whom}")

    def _rules(self) -> None:
        book = self._api.get(self._at("access", "rules"), RuleBookView)
        for identity, values in rules_of(book).items():
            self._add(Kind.RULE, (identity,), values, version=book.version)

    def _directory(
        self,
        groups: Iterable[GroupView],
        rooms: Iterable[ResourceView],
        domains: Iterable[str],
        naming: bool,
    ) -> Directory:
        pages = self._api.pages(self._at("users"), UserList) if naming else ()
        users = [each for page in pages for each in page.items]
        groups = tuple(groups)
        return Directory(
            users={name: each.id for each in users for name in (each.address, *each.aliases)},
            addresses={each.id: each.address for each in users},
            groups={each.name: each.id for each in groups},
            group_addresses={fold(each.address): each.id for each in groups if each.address},
            names={each.id: each.name for each in groups},
            resources={each.address: each.id for each in rooms},
            domains=frozenset(domains),
        )


def settings_of(home: OrganisationView) -> dict[str, Any]:
    """Its settings; impaired is what health checks found of an active one."""
    values = home.model_dump(mode="json", include=set(SETTINGS))
    if home.state is OrganisationState.IMPAIRED:
        values["state"] = OrganisationState.ACTIVE.value
    return values


def safeguards_of(shown: SafeguardsView) -> dict[str, Any]:
    return shown.model_dump(mode="json", exclude=set(NO_SAFEGUARDS))


def group_of(group: GroupView) -> dict[str, Any]:
    return group.model_dump(mode="json", include=set(GROUP))


def resource_of(resource: ResourceView) -> dict[str, Any]:
    return resource.model_dump(mode="json", include=set(RESOURCE))


def policy_of(policy: PolicyView) -> dict[str, Any]:
    """What it says, in one flat table."""
    return said_by(policy.document)


def rules_of(book: RuleBookView) -> dict[str, dict[str, Any]]:
    """Id to what a rule says."""
    beside = ("id", "created_at", "changed_at")
    return {
        str(each["id"]): {name: value for name, value in each.items() if name not in beside}
        for each in book.rules
    }

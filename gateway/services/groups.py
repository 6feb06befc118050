"""Groups and who is in them (product 1): users and other groups, nested, never in a circle.

Two administrators who each close one half of a circle are writers one after the other, so the second one
finds the first one's half and is refused.
"""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from gateway.errors import GatewayError, Kind, malformed
from gateway.records import Actor, AuditTag, EntityState, Group, Member, Organisation, Scope, User
from gateway.services.acts import Entry
from gateway.services.addressing import require_free
from gateway.services.home_acts import HomeActs
from gateway.services.names import fold, require_text
from gateway.services.ports import Clock, KeySource, Store, Transaction
from gateway.services.rollout import begin, groups_matter, reconsider_user
from gateway.services.routing import require_opened, require_route
from gateway.services.sparse import Sparse
from gateway.services.tenants import found

MAXIMUM_PRIORITY = 1_000_000
"""Highest priority of a group's route; the lowest is its negative."""


@dataclass(frozen=True, slots=True)
class GroupChanges(Sparse):
    """What an administrator sets of a group; None leaves it as it is. See ``records.Group``."""

    name: str | None = None
    address: str | None = None
    state: EntityState | None = None
    backend: str | None = None
    priority: int | None = None


NO_CHANGES = GroupChanges()


class Groups:
    """Groups of all organisations; a group is named by id, address or name within its organisation."""

    def __init__(self, store: Store, clock: Clock, keys: KeySource, *, backends: Collection[str]) -> None:
        """``backends``: names in the configuration."""
        self._store = store
        self._acts = HomeActs(store, clock)
        self._keys = keys
        self._backends = backends

    def get(self, organisation: str, named: str) -> Group:
        """Raises GatewayError NOT_FOUND."""
        with self._store.read() as transaction:
            return find_group(transaction, found(transaction, organisation), named)

    def list(self, organisation: str, *, after: str = "", limit: int = 100) -> Sequence[Group]:
        with self._store.read() as transaction:
            return transaction.directory.groups(found(transaction, organisation).id, after=after, limit=limit)

    def members(
        self, organisation: str, named: str, *, after: str = "", limit: int = 100
    ) -> Sequence[Member]:
        """Direct members, by id."""
        with self._store.read() as transaction:
            group = find_group(transaction, found(transaction, organisation), named)
            return transaction.directory.members(group.id, after=after, limit=limit)

    def create(self, actor: Actor, organisation: str, name: str, changes: GroupChanges = NO_CHANGES) -> Group:
        """Make a group, with what ``changes`` gives but its name."""

        def work(entry: Entry, home: Organisation) -> Group:
            plain = Group(self._keys.identity("g-"), home.id, "")
            group = self._with(entry, plain, replace(changes, name=name))
            entry.transaction.directory.add_group(group)
            entry.record(target=group.id, after=shown(group))
            entry.announce(Scope.DIRECTORY, home.id)
            return group

        return self._acts.perform(AuditTag.GROUP_CREATED, actor, organisation, name, work)

    def change(self, actor: Actor, organisation: str, named: str, changes: GroupChanges) -> Group:
        """Change what ``changes`` gives; an empty address or backend takes it away."""

        def work(entry: Entry, home: Organisation) -> Group:
            before = find_group(entry.transaction, home, named)
            after = self._with(entry, before, changes)
            if after != before:
                entry.transaction.directory.save_group(after)
                entry.record(target=after.id, before=shown(before), after=shown(after))
                if after.state is not before.state:
                    _reconsider(entry, home, f"group {after.name} {after.state.value}")
                entry.announce(_scope(before, after), home.id)
            return after

        return self._acts.perform(AuditTag.GROUP_CHANGED, actor, organisation, named, work)

    def remove(self, actor: Actor, organisation: str, named: str) -> None:
        """Remove a group with its memberships and permissions; its members stay."""

        def work(entry: Entry, home: Organisation) -> None:
            group = find_group(entry.transaction, home, named)
            matters = groups_matter(entry.transaction, home.id)
            entry.transaction.directory.remove_group(group.id)
            entry.record(target=group.id, before=shown(group))
            if matters:
                begin(entry, home, f"group {group.name} removed", joins=True)
            entry.announce(Scope.ORGANISATION, home.id)

        self._acts.perform(AuditTag.GROUP_REMOVED, actor, organisation, named, work)

    def add_member(self, actor: Actor, organisation: str, named: str, member: str) -> Group:
        """Put a user or a group of the same organisation into a group; one that is in it stays.

        Raises:
            GatewayError: CONFLICT when the group would come to be in itself.
        """

        def work(entry: Entry, home: Organisation) -> Group:
            group = find_group(entry.transaction, home, named)
            _add(entry, home, group, find_member(entry.transaction, home, member))
            return group

        return self._acts.perform(AuditTag.MEMBER_ADDED, actor, organisation, named, work)

    def remove_member(self, actor: Actor, organisation: str, named: str, member: str) -> Group:
        """Raises GatewayError NOT_FOUND when it is no direct member."""

        def work(entry: Entry, home: Organisation) -> Group:
            group = find_group(entry.transaction, home, named)
            leaving = find_member(entry.transaction, home, member)
            if not entry.transaction.directory.remove_member(group.id, leaving.id):
                raise GatewayError(Kind.NOT_FOUND, "The group has no such member.")
            entry.record(target=group.id, before={"member": leaving.id, "address": leaving.address})
            _announce_member(entry, home, group, leaving)
            return group

        return self._acts.perform(AuditTag.MEMBER_REMOVED, actor, organisation, named, work)

    def _with(self, entry: Entry, group: Group, changes: GroupChanges) -> Group:
        given = changes.given()
        directory = entry.transaction.directory
        if "name" in given:
            given["name"] = _free_name(entry, group, given["name"])
        if given.get("address"):
            given["address"] = require_free(directory, group.organisation, given["address"], group.id)
        if "backend" in given:
            home = found(entry.transaction, group.organisation)
            backend = require_route(self._backends, given["backend"])
            require_opened(entry.transaction, home, group.backend, backend)
        if abs(given.get("priority", 0)) > MAXIMUM_PRIORITY:
            raise malformed("priority", f"From -{MAXIMUM_PRIORITY} to {MAXIMUM_PRIORITY}.")
        return replace(group, **given)


def find_group(transaction: Transaction, organisation: Organisation, named: str) -> Group:
    """The organisation's group with this id, address or name, or GatewayError NOT_FOUND."""
    directory = transaction.directory
    there = (
        directory.group(named)
        or directory.entity_by_address(fold(named))
        or directory.group_by_name(organisation.id, named)
    )
    if not isinstance(there, Group) or there.organisation != organisation.id:
        raise GatewayError(Kind.NOT_FOUND, "There is no such group.")
    return there


def find_member(transaction: Transaction, organisation: Organisation, named: str) -> User | Group:
    """The organisation's user (id, address) or group (id, address, name), or GatewayError NOT_FOUND."""
    directory = transaction.directory
    user = directory.user(named) or directory.user_by_address(fold(named))
    if user is not None and user.organisation == organisation.id:
        return user
    try:
        return find_group(transaction, organisation, named)
    except GatewayError:
        raise GatewayError(Kind.NOT_FOUND, "There is no such user or group.") from None


def shown(group: Group) -> dict[str, Any]:
    """A group as the audit trail shows it."""
    return asdict(group) | {"state": group.state.value}


def _free_name(entry: Entry, group: Group, name: str) -> str:
    tidy = require_text("name", name)
    other = entry.transaction.directory.group_by_name(group.organisation, tidy)
    if other is not None and other.id != group.id:
        raise GatewayError(Kind.CONFLICT, f"The organisation has a group called {tidy}.")
    return tidy


def _add(entry: Entry, home: Organisation, group: Group, member: User | Group) -> None:
    directory = entry.transaction.directory
    nested = isinstance(member, Group)
    if nested and (member.id == group.id or group.id in directory.groups_within(member.id)):
        raise GatewayError(Kind.CONFLICT, "The group would be a member of itself.")
    if not directory.add_member(group.id, member.id, nested=nested):
        return
    entry.record(target=group.id, after={"member": member.id, "address": member.address})
    _announce_member(entry, home, group, member)


def _announce_member(entry: Entry, home: Organisation, group: Group, member: User | Group) -> None:
    """Who is in a group is under its policies too (product 4.2): one user at once, a group's users as any
    change comes to a fleet."""
    if isinstance(member, User):
        entry.announce(Scope.USER, member.organisation, member.id)
        reconsider_user(entry, home.id, member.id)
    else:
        entry.announce(Scope.ORGANISATION, member.organisation)
        _reconsider(entry, home, f"members of group {group.name}")


def _reconsider(entry: Entry, home: Organisation, cause: str) -> None:
    if groups_matter(entry.transaction, home.id):
        begin(entry, home, cause, joins=True)


def _scope(before: Group, after: Group) -> Scope:
    """A route, or a link on the way to one, decides who checks a password; a name or an address does not."""
    same = (before.state, before.backend, before.priority) == (after.state, after.backend, after.priority)
    return Scope.DIRECTORY if same else Scope.ORGANISATION

"""Rooms and equipment (product 1): addressable, so that AutoDiscover and permissions know them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from gateway.errors import GatewayError, Kind
from gateway.records import Actor, AuditTag, EntityState, Organisation, Resource, ResourceKind, Scope
from gateway.services.acts import Entry
from gateway.services.addressing import require_free
from gateway.services.home_acts import HomeActs
from gateway.services.names import fold, require_text
from gateway.services.ports import Clock, KeySource, Store, Transaction
from gateway.services.sparse import Sparse
from gateway.services.tenants import found


@dataclass(frozen=True, slots=True)
class ResourceChanges(Sparse):
    """What an administrator sets of a resource; None leaves it as it is. See ``records.Resource``."""

    name: str | None = None
    address: str | None = None
    kind: ResourceKind | None = None
    state: EntityState | None = None


class Resources:
    """Resources of all organisations; one is named by id or address within its organisation."""

    def __init__(self, store: Store, clock: Clock, keys: KeySource) -> None:
        self._store = store
        self._acts = HomeActs(store, clock)
        self._keys = keys

    def get(self, organisation: str, named: str) -> Resource:
        """Raises GatewayError NOT_FOUND."""
        with self._store.read() as transaction:
            return find_resource(transaction, found(transaction, organisation), named)

    def list(self, organisation: str, *, after: str = "", limit: int = 100) -> Sequence[Resource]:
        with self._store.read() as transaction:
            home = found(transaction, organisation)
            return transaction.directory.resources(home.id, after=after, limit=limit)

    def create(
        self, actor: Actor, organisation: str, address: str, name: str, kind: ResourceKind
    ) -> Resource:
        """Make a room or a piece of equipment."""

        def work(entry: Entry, home: Organisation) -> Resource:
            plain = Resource(self._keys.identity("r-"), home.id, "", "", kind)
            resource = _with(entry, plain, ResourceChanges(name or address, address))
            entry.transaction.directory.add_resource(resource)
            entry.record(target=resource.id, after=shown(resource))
            entry.announce(Scope.DIRECTORY, home.id)
            return resource

        return self._acts.perform(AuditTag.RESOURCE_CREATED, actor, organisation, address, work)

    def change(self, actor: Actor, organisation: str, named: str, changes: ResourceChanges) -> Resource:
        """Change what ``changes`` gives."""

        def work(entry: Entry, home: Organisation) -> Resource:
            before = find_resource(entry.transaction, home, named)
            after = _with(entry, before, changes)
            if after != before:
                entry.transaction.directory.save_resource(after)
                entry.record(target=after.id, before=shown(before), after=shown(after))
                entry.announce(Scope.DIRECTORY, home.id)
            return after

        return self._acts.perform(AuditTag.RESOURCE_CHANGED, actor, organisation, named, work)

    def remove(self, actor: Actor, organisation: str, named: str) -> None:
        """Remove a resource with the permissions on it."""

        def work(entry: Entry, home: Organisation) -> None:
            resource = find_resource(entry.transaction, home, named)
            entry.transaction.directory.remove_resource(resource.id)
            entry.record(target=resource.id, before=shown(resource))
            entry.announce(Scope.DIRECTORY, home.id)

        self._acts.perform(AuditTag.RESOURCE_REMOVED, actor, organisation, named, work)


def find_resource(transaction: Transaction, organisation: Organisation, named: str) -> Resource:
    """The organisation's resource with this id or address, or GatewayError NOT_FOUND."""
    directory = transaction.directory
    there = directory.resource(named) or directory.entity_by_address(fold(named))
    if not isinstance(there, Resource) or there.organisation != organisation.id:
        raise GatewayError(Kind.NOT_FOUND, "There is no such resource.")
    return there


def shown(resource: Resource) -> dict[str, Any]:
    """A resource as the audit trail shows it."""
    return asdict(resource) | {"kind": resource.kind.value, "state": resource.state.value}


def _with(entry: Entry, resource: Resource, changes: ResourceChanges) -> Resource:
    given = changes.given()
    directory = entry.transaction.directory
    if "name" in given:
        given["name"] = require_text("name", given["name"])
    if "address" in given:
        given["address"] = require_free(directory, resource.organisation, given["address"], resource.id)
    return replace(resource, **given)

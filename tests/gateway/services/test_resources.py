"""Rooms and equipment (product 1)."""

from collections.abc import Callable

from gateway.errors import Kind
from gateway.records import AuditTag, EntityState, ResourceKind, Scope
from gateway.services.resources import ResourceChanges
from tests.support.refusals import refused
from tests.support.world import ADMIN, World


def test_a_resource_from_beginning_to_end(world: World) -> None:
    made = world.organisation()
    room = world.resources.create(ADMIN, "acme", "Room@acme.example", "", ResourceKind.ROOM)
    assert (room.id[:2], room.organisation, room.address) == ("r-", made.id, "room@acme.example")
    assert room.name == "Room@acme.example"
    changes = ResourceChanges("Beamer", "beamer@acme.example", ResourceKind.EQUIPMENT, EntityState.DISABLED)
    changed = world.resources.change(ADMIN, "acme", room.address, changes)
    assert world.resources.get("acme", room.id) == changed
    assert (changed.kind, changed.state, changed.name) == (
        ResourceKind.EQUIPMENT,
        EntityState.DISABLED,
        "Beamer",
    )
    assert world.resources.list("acme") == [changed]
    world.resources.remove(ADMIN, "acme", "beamer@acme.example")
    refused(Kind.NOT_FOUND, lambda: world.resources.get("acme", room.id))
    assert [record.tag for record in world.trail()][-3:] == [
        AuditTag.RESOURCE_CREATED,
        AuditTag.RESOURCE_CHANGED,
        AuditTag.RESOURCE_REMOVED,
    ]


def test_what_changes_nothing_leaves_no_record(world: World) -> None:
    world.organisation()
    room = world.resources.create(ADMIN, "acme", "room@acme.example", "Room", ResourceKind.ROOM)
    count = len(world.trail())
    world.resources.change(ADMIN, "acme", room.id, ResourceChanges(name="Room"))
    assert len(world.trail()) == count


def test_addresses_and_names_are_checked(world: World) -> None:
    world.organisation()
    world.user()
    room = world.resources.create(ADMIN, "acme", "room@acme.example", "Room", ResourceKind.ROOM)

    def change(**values: str) -> Callable[[], object]:
        return lambda: world.resources.change(ADMIN, "acme", room.id, ResourceChanges(**values))  # type: ignore[arg-type]

    refused(Kind.CONFLICT, change(address="ann@acme.example"))
    refused(Kind.MALFORMED, change(address="room@nowhere.example"))
    refused(Kind.MALFORMED, change(name=" "))
    assert world.resources.get("acme", room.id) == room


def test_a_resource_of_another_organisation_is_not_there(world: World) -> None:
    world.organisation()
    world.organisation("globex")
    room = world.resources.create(ADMIN, "globex", "room@globex.example", "Room", ResourceKind.ROOM)
    for named in (room.id, room.address):
        refused(Kind.NOT_FOUND, lambda named=named: world.resources.get("acme", named))  # type: ignore[misc]
        refused(Kind.NOT_FOUND, lambda named=named: world.resources.remove(ADMIN, "acme", named))  # type: ignore[misc]


def test_nobody_is_signed_out_by_a_resource(world: World) -> None:
    world.organisation()
    before = world.last_change()
    world.resources.create(ADMIN, "acme", "room@acme.example", "Room", ResourceKind.ROOM)
    with world.store.read() as transaction:
        assert [change.scope for change in transaction.changes.since(before)] == [Scope.DIRECTORY]

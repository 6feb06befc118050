"""Whose mailbox is opened to whom (product 1)."""

import pytest

from gateway.errors import Kind
from gateway.records import AuditTag, ResourceKind, Right
from gateway.services.groups import GroupChanges
from tests.support.refusals import refused
from tests.support.world import ADMIN, World

FULL = [Right.FULL_ACCESS]
BOB, ANN, ROOM = "bob@acme.example", "ann@acme.example", "room@acme.example"


@pytest.fixture(autouse=True)
def _people(world: World) -> None:
    world.organisation()
    world.user()
    world.user(BOB)
    world.groups.create(ADMIN, "acme", "staff", GroupChanges(address="staff@acme.example"))
    world.resources.create(ADMIN, "acme", ROOM, "Room", ResourceKind.ROOM)


def opened(world: World, address: str = ANN) -> list[str]:
    with world.store.read() as transaction:
        user = transaction.directory.user_by_address(address)
        assert user is not None
        return [mailbox.address for mailbox in transaction.directory.mailboxes_open_to(user.id)]


def test_a_permission_from_beginning_to_end(world: World) -> None:
    given = world.permissions.grant(ADMIN, "acme", BOB, ANN, [Right.SEND_AS, Right.FULL_ACCESS])
    assert (given.mailbox, given.grantee, given.grant.rights) == (
        BOB,
        ANN,
        {Right.SEND_AS, Right.FULL_ACCESS},
    )
    assert world.permissions.list("acme") == [given]
    assert opened(world) == [BOB]
    world.permissions.grant(ADMIN, "acme", BOB, ANN, [Right.SEND_AS])
    assert opened(world) == []
    assert world.trail()[-1].before["rights"] == ["full_access", "send_as"]
    world.permissions.revoke(ADMIN, "acme", BOB, ANN)
    assert world.permissions.list("acme") == []
    refused(Kind.NOT_FOUND, lambda: world.permissions.revoke(ADMIN, "acme", BOB, ANN))
    tags = [record.tag for record in world.trail()]
    assert tags[-4:-1] == [
        AuditTag.PERMISSION_GRANTED,
        AuditTag.PERMISSION_GRANTED,
        AuditTag.PERMISSION_REVOKED,
    ]


def test_a_group_lets_its_members_in(world: World) -> None:
    world.groups.add_member(ADMIN, "acme", "staff", ANN)
    world.permissions.grant(ADMIN, "acme", ROOM, "staff", FULL)
    assert opened(world) == [ROOM]
    world.groups.remove_member(ADMIN, "acme", "staff", ANN)
    assert opened(world) == []


def test_a_group_without_an_address_is_shown_by_its_name(world: World) -> None:
    world.groups.create(ADMIN, "acme", "Quiet")
    assert world.permissions.grant(ADMIN, "acme", ROOM, "Quiet", FULL).grantee == "Quiet"


def test_a_group_owns_no_mailbox(world: World) -> None:
    for named in ("staff@acme.example", world.groups.get("acme", "staff").id):
        error = refused(
            Kind.MALFORMED,
            lambda named=named: world.permissions.grant(ADMIN, "acme", named, ANN, FULL),  # type: ignore[misc]
        )
        assert set(error.faults) == {"mailbox"}


def test_a_resource_is_let_in_nowhere_and_nobody_into_their_own(world: World) -> None:
    refused(Kind.NOT_FOUND, lambda: world.permissions.grant(ADMIN, "acme", BOB, ROOM, FULL))
    refused(Kind.MALFORMED, lambda: world.permissions.grant(ADMIN, "acme", BOB, BOB, FULL))
    refused(Kind.MALFORMED, lambda: world.permissions.grant(ADMIN, "acme", BOB, ANN, []))


def test_no_permission_crosses_an_organisation(world: World) -> None:
    world.organisation("globex")
    eve = world.user("eve@globex.example")
    for named in (eve.address, eve.id):
        refused(Kind.NOT_FOUND, lambda named=named: world.permissions.grant(ADMIN, "acme", named, ANN, FULL))  # type: ignore[misc]
        refused(Kind.NOT_FOUND, lambda named=named: world.permissions.grant(ADMIN, "acme", BOB, named, FULL))  # type: ignore[misc]
    assert world.permissions.list("globex") == []


def test_the_same_again_leaves_no_record(world: World) -> None:
    world.permissions.grant(ADMIN, "acme", BOB, ANN, FULL)
    count = len(world.trail())
    world.permissions.grant(ADMIN, "acme", BOB, ANN, FULL)
    assert len(world.trail()) == count


def test_lists_are_narrowed_and_paged(world: World) -> None:
    world.permissions.grant(ADMIN, "acme", BOB, ANN, FULL)
    world.permissions.grant(ADMIN, "acme", ROOM, ANN, FULL)
    world.permissions.grant(ADMIN, "acme", ROOM, "staff", FULL)
    assert len(world.permissions.list("acme", mailbox=ROOM)) == 2
    assert [each.mailbox for each in world.permissions.list("acme", grantee="staff")] == [ROOM]
    first, *rest = world.permissions.list("acme")
    after = (first.grant.mailbox, first.grant.grantee)
    assert world.permissions.list("acme", after=after) == rest
    refused(Kind.NOT_FOUND, lambda: world.permissions.list("acme", mailbox="nobody@acme.example"))

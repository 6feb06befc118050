"""Who may have an address (product 1)."""

import pytest

from gateway.errors import GatewayError, Kind
from gateway.records import ResourceKind
from gateway.services.addressing import require_free
from gateway.services.groups import GroupChanges
from tests.support.world import ADMIN, World


def ask(world: World, address: str, owner: str = "") -> str | Kind:
    organisation = world.tenants.organisation("acme").id
    with world.store.read() as transaction:
        try:
            return require_free(transaction.directory, organisation, address, owner)
        except GatewayError as error:
            return error.kind


def test_a_free_address_of_the_organisation_comes_back_folded(world: World) -> None:
    world.organisation()
    assert ask(world, "New@ACME.example") == "new@acme.example"


@pytest.mark.parametrize("address", ["x@nowhere.example", "x@globex.example", "x", "x@", "@acme.example"])
def test_what_is_no_address_of_the_organisation(world: World, address: str) -> None:
    world.organisation()
    world.organisation("globex")
    assert ask(world, address) is Kind.MALFORMED


def test_users_groups_and_resources_share_one_space(world: World) -> None:
    world.organisation()
    ann = world.user()
    world.users.set_aliases(ADMIN, ann.id, ["anne@acme.example"])
    world.groups.create(ADMIN, "acme", "staff", GroupChanges(address="staff@acme.example"))
    world.resources.create(ADMIN, "acme", "room@acme.example", "Room", ResourceKind.ROOM)
    for name in ("ann", "anne", "staff", "room"):
        assert ask(world, f"{name}@acme.example") is Kind.CONFLICT
    assert ask(world, "anne@acme.example", ann.id) == "anne@acme.example"

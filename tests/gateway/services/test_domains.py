"""What may become of a mail domain (product 1)."""

import pytest

from gateway.errors import GatewayError, Kind
from gateway.records import ResourceKind, Scope
from gateway.services.domains import automatic
from gateway.services.groups import GroupChanges
from tests.support.world import ADMIN, World


def refusal(world: World, name: str, organisation: str = "acme") -> str:
    with pytest.raises(GatewayError) as caught:
        world.tenants.remove_domain(ADMIN, organisation, name)
    assert caught.value.kind is Kind.CONFLICT
    return caught.value.public


def test_what_uses_a_domain_is_counted_and_named(world: World) -> None:
    world.organisation()
    world.tenants.add_domain(ADMIN, "acme", "used.example")
    ann = world.user()
    world.users.set_aliases(ADMIN, ann.id, ["ann@used.example"])
    assert refusal(world, "used.example") == "1 address uses this domain: ann@used.example."
    world.groups.create(ADMIN, "acme", "staff", GroupChanges(address="staff@used.example"))
    world.resources.create(ADMIN, "acme", "room@used.example", "Room", ResourceKind.ROOM)
    named = "ann@used.example, room@used.example, staff@used.example"
    assert refusal(world, "used.example") == f"3 addresses use this domain: {named}."


def test_no_more_than_five_are_named(world: World) -> None:
    world.organisation()
    world.tenants.add_domain(ADMIN, "acme", "used.example")
    world.users.set_aliases(ADMIN, world.user().id, [f"a{number}@used.example" for number in range(8)])
    told = refusal(world, "used.example")
    assert told.startswith("8 addresses use this domain: a0@used.example, ")
    assert told.endswith("a4@used.example and 3 more.")


def test_the_test_domain_stays_and_nothing_else_below_it_is_added(world: World) -> None:
    made = world.organisation()
    assert automatic(made, "usher.test") == "acme.usher.test"
    assert automatic(made, "") == ""
    world.tenants.make_default(ADMIN, "acme", "acme.example")
    assert "test domain" in refusal(world, "acme.usher.test")
    for name in ("globex.usher.test", "usher.test", "a.acme.usher.test"):
        with pytest.raises(GatewayError) as caught:
            world.tenants.add_domain(ADMIN, "acme", name)
        assert caught.value.kind is Kind.CONFLICT
    world.tenants.add_domain(ADMIN, "acme", "not-usher.test")


def test_making_a_domain_the_default_changes_no_address(world: World) -> None:
    world.organisation()
    ann = world.user()
    world.tenants.add_domain(ADMIN, "acme", "second.example")
    world.tenants.make_default(ADMIN, "acme", "second.example")
    assert world.users.get(ann.id) == ann


def test_each_domain_has_its_own_proof_which_stays(world: World) -> None:
    world.organisation()
    first = world.tenants.add_domain(ADMIN, "acme", "a.example")
    second = world.tenants.add_domain(ADMIN, "acme", "b.example")
    assert len(first.proof) == len(second.proof) == 32
    assert first.proof != second.proof
    assert world.tenants.route_domain(ADMIN, "acme", "a.example", "other").proof == first.proof
    assert world.tenants.make_default(ADMIN, "acme", "a.example").proof == first.proof


def test_a_route_is_announced_recorded_and_taken_away(world: World) -> None:
    made = world.organisation()
    before = world.last_change()
    world.tenants.route_domain(ADMIN, "acme", "acme.example", "other")
    record = world.trail()[-1]
    assert (record.before["backend"], record.after["backend"]) == ("", "other")
    with world.store.read() as transaction:
        (change,) = transaction.changes.since(before)
    assert (change.scope, change.organisation) == (Scope.ORGANISATION, made.id)
    count = len(world.trail())
    world.tenants.route_domain(ADMIN, "acme", "acme.example", "other")
    assert len(world.trail()) == count
    assert world.tenants.route_domain(ADMIN, "acme", "acme.example", "").backend == ""

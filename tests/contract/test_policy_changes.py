"""Policies over one another and their changes, on every database (product 4)."""

import pytest

from gateway.records import RolloutState
from gateway.services import rollout
from gateway.services.assignments import Target
from gateway.store import DatabaseStore
from mdm.layers import Reach
from tests.support.fleet_policies import CAMERA, STRICT, Office, furnish_office, named_policy
from tests.support.world import ADMIN, World


@pytest.fixture
def office(store: DatabaseStore) -> Office:
    return furnish_office(World(store), 5)


def test_a_change_over_a_window_from_beginning_to_end(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollout, "PAGE", 2)
    world = office.world
    assert world.policies.rehearse("acme", STRICT).touched == 5
    assert world.policies.set_policy(ADMIN, "acme", STRICT, minutes=60).devices == 5
    assert len(office.waiting()) == 5
    office.fetch(office.phones[0])
    world.rollouts.pause(ADMIN, "acme")
    assert office.tick(hours=2).state is RolloutState.PAUSED
    world.rollouts.resume(ADMIN, "acme")
    world.rollouts.hasten(ADMIN, "acme")
    assert office.tick().state is RolloutState.DONE
    assert len(office.outdated()) == 4
    for key in office.phones[1:]:
        office.fetch(key)
    world.policies.set_policy(ADMIN, "acme", {}, minutes=60)
    world.rollouts.cancel(ADMIN, "acme")
    found = world.rollouts.progress("acme")
    assert found is not None
    assert (found.rollout.state, found.waiting, found.behind) == (RolloutState.CANCELLED, 0, 5)
    assert world.policies.roll_back(ADMIN, "acme", 1).devices == 0


def test_layers_through_nested_groups(office: Office) -> None:
    world = office.world
    named_policy(world, "camera", CAMERA)
    for name in ("Sales", "Field"):
        world.groups.create(ADMIN, "acme", name)
    world.groups.add_member(ADMIN, "acme", "Sales", "Field")
    world.assignments.assign(ADMIN, "acme", Target(Reach.GROUP, "Sales"), "camera")
    world.groups.add_member(ADMIN, "acme", "Field", "ann@acme.example")
    assert len(office.outdated()) == 5
    effective = world.assignments.effective(office.phones[0])
    assert (effective.names, effective.value("AllowCamera")[0]) == ("camera@1", False)
    world.groups.remove(ADMIN, "acme", "Field")
    assert world.assignments.effective(office.phones[0]).names == ""

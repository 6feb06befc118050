"""Steering a policy change on its way: pause, resume, now, cancel (product 4.3)."""

from collections.abc import Callable

import pytest

from gateway.errors import GatewayError, Kind
from gateway.records import AuditTag, Rollout, RolloutState
from gateway.services import rollout, rollouts
from gateway.services.rollout import NEVER
from mdm.device import DeviceState
from tests.support.fleet_policies import STRICT, STRICTER, Office, furnish_office
from tests.support.world import ADMIN, World

PHONES = {"PHONE0", "PHONE1", "PHONE2"}


@pytest.fixture
def office(world: World) -> Office:
    office = furnish_office(world)
    world.policies.set_policy(ADMIN, "acme", STRICT, minutes=60)
    return office


def conflict(act: Callable[[], Rollout]) -> None:
    with pytest.raises(GatewayError) as caught:
        act()
    assert caught.value.kind is Kind.CONFLICT


def test_progress_counts_who_was_told_who_came_and_who_waits(office: Office) -> None:
    office.fetch(office.phones[0])
    found = office.world.rollouts.progress("acme")
    assert found is not None
    assert (found.rollout.planned, found.rollout.moved, found.came, found.waiting) == (3, 0, 1, 2)
    assert found.rollout.cause == "default@1"
    assert (found.ends_at - found.rollout.started_at).total_seconds() == 3600


def test_a_pause_tells_nobody_and_moves_every_moment(office: Office) -> None:
    world = office.world
    moments = sorted(office.moment(key) for key in office.phones)
    paused = world.rollouts.pause(ADMIN, "acme", "help desk is overrun")
    assert paused.state is RolloutState.PAUSED
    assert world.trail()[-1].tag is AuditTag.ROLLOUT_CHANGED
    assert (world.trail()[-1].after["act"], world.trail()[-1].reason) == ("pause", "help desk is overrun")
    assert office.tick(hours=5).state is RolloutState.PAUSED
    assert office.outdated() == set()
    assert world.rollouts.resume(ADMIN, "acme").held_s == 5 * 3600
    assert len(office.tick(seconds=0).place) == 2 and office.outdated() == set()
    office.tick(seconds=(moments[0] - world.clock.now()).total_seconds() + 5 * 3600 + 1)
    assert len(office.outdated()) >= 1
    assert office.tick(hours=1).state is RolloutState.DONE


def test_now_lets_everybody_come(office: Office) -> None:
    office.world.rollouts.hasten(ADMIN, "acme")
    assert office.tick().state is RolloutState.DONE
    assert office.outdated() == PHONES


def test_now_keeps_to_the_rate(office: Office) -> None:
    office.guard(rollout_per_minute=1)
    office.world.policies.set_policy(ADMIN, "acme", STRICTER, minutes=600)
    office.world.rollouts.pause(ADMIN, "acme")
    office.world.rollouts.hasten(ADMIN, "acme")
    for told in (1, 2, 3):
        office.tick(minutes=1)
        assert len(office.outdated()) == told


def test_cancelled_devices_keep_what_they_have(office: Office) -> None:
    world = office.world
    assert world.rollouts.cancel(ADMIN, "acme").state is RolloutState.CANCELLED
    office.tick(days=30)
    assert (office.outdated(), office.waiting()) == (set(), set())
    assert {office.moment(key) for key in office.phones} == {NEVER}
    found = world.rollouts.progress("acme")
    assert found is not None
    assert (found.waiting, found.behind) == (0, 3)
    fetched = office.fetch(office.phones[0])
    assert (fetched.state, fetched.reprovision_at) == (DeviceState.PROVISIONING_SUCCEEDED, None)


def test_the_next_change_gives_them_another_moment(office: Office) -> None:
    office.world.rollouts.cancel(ADMIN, "acme")
    office.world.policies.set_policy(ADMIN, "acme", STRICTER, minutes=10)
    assert office.waiting() == PHONES
    assert office.tick(minutes=10).moved == 3


def test_a_fleet_is_cancelled_in_batches(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollouts, "BATCH", 1)
    monkeypatch.setattr(rollouts, "PATIENCE", 1)
    monkeypatch.setattr(rollouts.Rollouts.follow, "__defaults__", (1,))
    office.world.rollouts.cancel(ADMIN, "acme")
    assert office.last().state is RolloutState.CANCELLING
    assert len(office.waiting()) == 2
    found = office.world.rollouts.progress("acme")
    assert found is not None and (found.waiting, found.behind) == (0, 3)
    assert office.tick(days=1).state is RolloutState.CANCELLED
    assert office.outdated() == set()


def test_what_a_state_does_not_allow(office: Office) -> None:
    steer = office.world.rollouts
    conflict(lambda: steer.resume(ADMIN, "acme"))
    steer.pause(ADMIN, "acme")
    conflict(lambda: steer.pause(ADMIN, "acme"))
    steer.cancel(ADMIN, "acme")
    for act in (steer.pause, steer.resume, steer.hasten, steer.cancel):
        conflict(lambda act=act: act(ADMIN, "acme"))  # type: ignore[misc]


def test_without_a_change_there_is_nothing_to_steer(office: Office) -> None:
    office.world.organisation("globex")
    assert office.world.rollouts.progress("globex") is None
    with pytest.raises(GatewayError) as caught:
        office.world.rollouts.pause(ADMIN, "globex")
    assert caught.value.kind is Kind.NOT_FOUND
    assert not office.world.rollouts.advance("m-nobody")


def test_a_new_change_after_a_pause_counts_from_its_own_start(office: Office) -> None:
    office.world.rollouts.pause(ADMIN, "acme")
    office.world.clock.pass_by(hours=5)
    office.world.policies.set_policy(ADMIN, "acme", STRICTER, minutes=60)
    assert office.last().state is RolloutState.RUNNING
    assert all(office.moment(key) >= office.world.clock.now() for key in office.phones)


def test_two_jobs_do_nothing_twice(office: Office) -> None:
    home = office.phones[0].organisation
    other = rollouts.Rollouts(office.world.store, office.world.clock)
    office.world.clock.pass_by(hours=1)
    office.world.rollouts.advance(home)
    other.advance(home)
    moved = [record for record in office.world.trail() if record.tag is AuditTag.POLICY_OUTDATED]
    assert len(moved) == 3 and office.last().moved == 3
    assert rollout.BATCH >= 3

"""A policy change on its way to the devices (product 4.3): every way in which something may come between.

The table of ``gateway.services.rollout`` line by line; the model of a device is the real one.
"""

from collections.abc import Callable
from datetime import timedelta

import pytest

from gateway.records import AuditTag, RolloutState, Scope, User
from gateway.services import rollout
from gateway.services.assignments import Target
from gateway.services.login import Principal
from gateway.services.policies import PolicyChange
from gateway.services.recollection import Recollection
from gateway.services.rollout import NEVER
from mdm.ashttp import Command, Version
from mdm.device import DeviceKey, DeviceState, WipeKind
from mdm.gatekeeper import FORWARD, Verdict, admit
from mdm.layers import Reach
from mdm.query import CommandRequest
from tests.support.fleet_policies import CAMERA, STRICT, STRICTER, Office, furnish_office, named_policy
from tests.support.world import ADMIN, World

PHONES = {"PHONE0", "PHONE1", "PHONE2"}


@pytest.fixture
def office(world: World) -> Office:
    return furnish_office(world)


def change(office: Office, document: dict[str, object] = STRICT, minutes: int | None = 60) -> PolicyChange:
    return office.world.policies.set_policy(ADMIN, "acme", document, minutes=minutes)


def verdict(office: Office, key: DeviceKey) -> Verdict:
    """What the gate says to a FolderSync with the key that the phone holds."""
    world = office.world
    ((_, known),) = Recollection(world.store, world.devices).known_again([key])
    assert known is not None
    held = known.device.proof_key
    request = CommandRequest(Command.FOLDER_SYNC, key.device_id, "iPhone", Version.V16_1, policy_key=held)
    return admit(request, known.device, known.terms(Version.V16_1, world.clock.now().timestamp()))


def test_each_device_gets_a_moment_within_the_window_and_is_served_until_then(office: Office) -> None:
    done = change(office)
    assert done.devices == 3
    assert done.rollout is not None and done.rollout.state is RolloutState.RUNNING
    start = office.world.clock.now()
    moments = [office.moment(key) for key in office.phones]
    assert all(start <= each < start + timedelta(hours=1) for each in moments)
    assert len(set(moments)) == 3
    assert all(verdict(office, key) is FORWARD for key in office.phones)
    assert office.outdated() == set()


def test_the_job_moves_who_is_due_with_record_and_announcement(office: Office) -> None:
    change(office)
    office.tick(minutes=59.99)
    first = min(office.phones, key=lambda key: office.device(key).reprovision_at or NEVER)
    last = office.tick(minutes=1)
    assert (last.state, last.planned, last.moved) == (RolloutState.DONE, 3, 3)
    assert office.outdated() == PHONES
    assert all(verdict(office, key) is not FORWARD for key in office.phones)
    moved = [record for record in office.world.trail() if record.tag is AuditTag.POLICY_OUTDATED]
    assert len(moved) == 3 and moved[0].actor.kind == "system"
    assert office.world.trail()[-1].tag is AuditTag.ROLLOUT_ENDED
    with office.world.store.read() as transaction:
        told = {each.device_id for each in transaction.changes.since(0) if each.scope is Scope.DEVICE}
    assert first.device_id in told


def test_only_who_is_due_is_moved(office: Office) -> None:
    change(office)
    order = sorted(office.phones, key=office.moment)
    office.world.clock.time = office.moment(order[0])
    assert office.tick().moved == 1
    assert office.outdated() == {order[0].device_id}
    assert office.tick(seconds=0.001).moved == 1


def test_nobody_but_the_job_moves_a_device_so_one_that_is_down_harms_nobody(office: Office) -> None:
    change(office)
    office.world.clock.pass_by(days=3)
    assert all(verdict(office, key) is FORWARD for key in office.phones)


def test_a_device_that_comes_by_itself_gets_what_is_in_force(office: Office) -> None:
    change(office)
    early = office.phones[0]
    fetched = office.fetch(early)
    assert (fetched.state, fetched.reprovision_at) == (DeviceState.PROVISIONING_SUCCEEDED, None)
    assert verdict(office, early) is FORWARD
    last = office.tick(hours=1)
    assert (last.moved, office.outdated()) == (2, PHONES - {early.device_id})
    found = office.world.rollouts.progress("acme")
    assert found is not None and found.came == 1


def test_a_second_change_keeps_the_earlier_moment(office: Office) -> None:
    change(office)
    before = {key: office.moment(key) for key in office.phones}
    office.world.clock.pass_by(minutes=1)
    second = change(office, STRICTER, minutes=600)
    assert second.rollout is not None and second.rollout.number == 2
    assert all(office.moment(key) <= before[key] for key in office.phones)
    assert [each.state for each in office.world.rollouts.history("acme")] == [
        RolloutState.RUNNING,
        RolloutState.SUPERSEDED,
    ]
    office.tick(hours=1)
    assert office.outdated() == PHONES
    assert office.fetch(office.phones[0]).state is DeviceState.PROVISIONING_SUCCEEDED
    assert office.last().state is RolloutState.DONE


def test_a_second_change_brings_back_who_had_fetched_the_first(office: Office) -> None:
    change(office)
    office.fetch(office.phones[0])
    assert change(office, STRICTER).devices == 3
    assert office.waiting() == PHONES


def test_a_change_at_once_ends_the_waiting(office: Office) -> None:
    change(office)
    assert change(office, STRICTER, minutes=0).devices == 3
    assert (office.outdated(), office.waiting()) == (PHONES, set())
    assert office.last().state is RolloutState.DONE


def test_a_roll_back_leaves_those_alone_that_had_not_fetched_it(office: Office) -> None:
    office.world.policies.set_policy(ADMIN, "acme", CAMERA)
    for key in office.phones:
        office.fetch(key)
    change(office)
    office.fetch(office.phones[0])
    back = office.world.policies.roll_back(ADMIN, "acme", 1, minutes=30)
    assert (back.devices, office.waiting()) == (1, {"PHONE0"})
    assert all(verdict(office, key) is FORWARD for key in office.phones)
    office.tick(hours=1)
    assert office.outdated() == {"PHONE0"}


def test_a_roll_back_before_anybody_fetched_it_touches_nobody(office: Office) -> None:
    office.world.policies.set_policy(ADMIN, "acme", {})
    change(office)
    assert office.world.policies.roll_back(ADMIN, "acme", 1).devices == 0
    assert office.waiting() == set()
    assert office.last().state is RolloutState.DONE
    office.tick(days=1)
    assert office.outdated() == set()


def test_a_wipe_ends_the_waiting_and_stays_what_it_is(office: Office) -> None:
    change(office)
    lost = office.phones[0]
    wiping = office.world.devices.require_wipe(ADMIN, lost, WipeKind.DEVICE)
    assert wiping.reprovision_at is None
    last = office.tick(hours=2)
    assert (last.state, last.moved) == (RolloutState.DONE, 2)
    assert office.device(lost) == wiping


def test_a_device_due_for_a_wipe_gets_no_moment(office: Office) -> None:
    office.world.devices.require_wipe(ADMIN, office.phones[0], WipeKind.DEVICE)
    assert change(office).devices == 2
    assert office.waiting() == PHONES - {"PHONE0"}


def test_a_removed_device_is_not_waited_for(office: Office) -> None:
    change(office)
    office.world.devices.remove(ADMIN, office.phones.pop())
    assert office.tick(hours=2).state is RolloutState.DONE


def test_a_device_that_enrols_meanwhile_is_given_the_new_policy(office: Office) -> None:
    change(office)
    owner = office.world.users.get("ann@acme.example")
    fresh = office.world.provisioned_phone(owner, "FRESH")
    assert fresh.reprovision_at is None
    assert verdict(office, fresh.key) is FORWARD
    assert office.tick(hours=2).moved == 3


def test_a_change_of_groups_hurries_nobody_who_waits(office: Office) -> None:
    world = office.world
    named_policy(world, "camera", CAMERA)
    for name in ("Sales", "Field"):
        world.groups.create(ADMIN, "acme", name)
    world.assignments.assign(ADMIN, "acme", Target(Reach.GROUP, "Sales"), "camera")
    world.groups.add_member(ADMIN, "acme", "Field", "ann@acme.example")
    change(office)
    before = [office.moment(key) for key in office.phones]
    world.groups.add_member(ADMIN, "acme", "Sales", "Field")
    assert [office.moment(key) for key in office.phones] == before
    world.groups.add_member(ADMIN, "acme", "Sales", "ann@acme.example")
    assert [office.moment(key) for key in office.phones] == before
    office.tick(hours=1)
    fetched = office.fetch(office.phones[0])
    assert fetched.policy_digest == world.assignments.effective(fetched.key).policy.digest(Version.V16_1)


def test_a_change_of_groups_during_a_pause_stays_paused(office: Office) -> None:
    world = office.world
    named_policy(world, "camera", CAMERA)
    for name in ("Sales", "Field"):
        world.groups.create(ADMIN, "acme", name)
    world.assignments.assign(ADMIN, "acme", Target(Reach.GROUP, "Sales"), "camera")
    bob = world.provisioned_phone(world.user("bob@acme.example"), "BOBS")
    world.groups.add_member(ADMIN, "acme", "Field", "bob@acme.example")
    change(office)
    world.rollouts.pause(ADMIN, "acme")
    office.fetch(bob.key)
    world.groups.add_member(ADMIN, "acme", "Sales", "Field")
    assert office.state(bob.key) is DeviceState.PROVISIONING_REQUIRED
    assert office.tick(days=1).state is RolloutState.PAUSED
    assert office.waiting() == PHONES


def test_the_rate_holds_whatever_the_window(office: Office) -> None:
    owner: User = office.world.users.get("ann@acme.example")
    office.phones += [office.world.provisioned_phone(owner, f"MORE{number}").key for number in range(7)]
    office.guard(rollout_per_minute=2)
    change(office, minutes=1)
    told = []
    for _ in range(16):
        before = len(office.outdated())
        office.tick(seconds=30)
        told.append(len(office.outdated()) - before)
    assert max(told) <= 1
    assert sum(told) == 10


def test_the_rate_holds_without_a_window_too(office: Office) -> None:
    office.guard(rollout_per_minute=1)
    change(office, minutes=0)
    assert (office.outdated(), office.waiting()) == (set(), PHONES)
    for told in (1, 2, 3):
        office.tick(minutes=1)
        assert len(office.outdated()) == told


def test_the_organisation_s_own_window(office: Office) -> None:
    office.guard(rollout_minutes=10)
    change(office, minutes=None)
    assert office.last().window_s == 600
    assert office.waiting() == PHONES


def test_a_fleet_larger_than_a_page(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollout, "PAGE", 2)
    assert change(office).devices == 3
    assert (office.waiting(), office.last().state) == (PHONES, RolloutState.RUNNING)
    assert office.tick(hours=1).moved == 3


def test_while_it_is_planned_nobody_is_challenged(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollout, "PAGE", 1)
    monkeypatch.setattr("gateway.services.rollouts.Rollouts.follow", lambda *_: None)
    change(office)
    assert office.last().state is RolloutState.PLANNING
    assert len(office.waiting()) == 1
    assert all(verdict(office, key) is FORWARD for key in office.phones)
    # A crash here: another process goes on where this one ended.
    office.world = World(office.world.store, office.world.clock, office.world.keys)
    before = office.world.last_change()
    last = office.tick()
    assert (last.state, last.planned, office.waiting()) == (RolloutState.RUNNING, 3, PHONES)
    assert office.world.last_change() > before


def test_at_once_is_judged_by_what_is_in_force_even_before_the_record(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollout, "PAGE", 1)
    monkeypatch.setattr("gateway.services.rollouts.Rollouts.follow", lambda *_: None)
    change(office, minutes=0)
    assert len(office.outdated()) == 1
    assert all(verdict(office, key) is not FORWARD for key in office.phones)
    assert office.tick().moved == 3


def test_a_second_change_while_the_first_is_planned(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollout, "PAGE", 1)
    monkeypatch.setattr("gateway.services.rollouts.Rollouts.follow", lambda *_: None)
    change(office)
    change(office, STRICTER)
    office.tick()
    assert (office.waiting(), office.last().planned) == (PHONES, 3)
    assert office.tick(hours=1).state is RolloutState.DONE
    assert office.outdated() == PHONES


def interrupted(office: Office, act: Callable[[], object]) -> None:
    with pytest.raises(RuntimeError):
        act()


def test_what_a_crash_undoes_is_done_again(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    change(office)
    office.world.clock.pass_by(hours=1)

    def crash(*_: object, **__: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr("gateway.store.rollouts.RolloutRows.save", crash)
        interrupted(office, lambda: office.world.rollouts.advance(office.phones[0].organisation))
    assert office.outdated() == set()
    assert office.tick().moved == 3


def test_the_surroundings_of_somebody_without_a_device(office: Office) -> None:
    owner = office.world.users.get("ann@acme.example")
    change(office)
    read = Recollection(office.world.store, office.world.devices).surroundings(
        Principal(owner.organisation, owner.id)
    )
    assert read.view.policies == "default@1"

"""Off-boarding a user, step by step (product 5.6)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.errors import GatewayError, Kind
from gateway.records import AuditTag, Job, JobState, User, UserState
from gateway.services.jobs import JobRunner
from gateway.services.offboarding import STEPS, Offboarding, progress
from gateway.services.wipe_guards import Wanted
from gateway.store import DatabaseStore
from mdm.ashttp import Version
from mdm.device import AccessLevel, DeviceState, WipeKind
from mdm.orders import Progress
from tests.support import partnership
from tests.support.wipes import ROOT, SECOND, WipeWorld

DAY = timedelta(days=1)


class Leaving(WipeWorld):
    """A user who leaves."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.offboarding = Offboarding(self.store, self.clock, self.keys)
        self.runner = JobRunner(self.store, self.clock, self.keys)

    def begin(self, ann: User, kind: WipeKind = WipeKind.ACCOUNT, reason: str = "") -> Job:
        return self.offboarding.start(ROOT, ann, DAY, kind, reason)

    def now(self, job: Job) -> Job:
        return self.offboarding.get(job.organisation, job.id)

    def obeyed(self, device_id: str, ann: User) -> None:
        key = self.devices.list(ann.organisation, user=ann.id)[0].key
        body = partnership.wipe_acknowledgement(WipeKind.ACCOUNT)
        key = replace(key, device_id=device_id)
        self.provision(key, partnership.initial(Version.V16_1))
        self.provision(key, body)


@pytest.fixture
def world(store: DatabaseStore) -> Leaving:
    world = Leaving(store)
    world.organisation()
    return world


@pytest.fixture
def ann(world: Leaving) -> User:
    ann = world.user()
    for device_id in ("PHONE1", "PHONE2"):
        world.provisioned_phone(ann, device_id)
    return ann


def user(world: Leaving) -> UserState:
    return world.users.get("ann@acme.example").state


def test_in_the_right_order_to_the_end(world: Leaving, ann: User) -> None:
    job = world.begin(ann, reason="left")
    assert progress(job) == "running, step 1 of 5 (wipe): begins"
    world.runner.round()
    job = world.now(job)
    assert (job.step, job.note) == ("wait", "waits for 2 of 2 devices")
    assert user(world) is UserState.ENABLED, "not before the devices have answered"
    world.obeyed("PHONE1", ann)
    world.runner.round()
    assert world.now(job).note == "waits for 1 of 2 devices"
    world.obeyed("PHONE2", ann)
    assert world.runner.round() == 4
    job = world.now(job)
    assert (job.state, job.note) == (JobState.DONE, "done: 2 of 2 devices acknowledged their wipe")
    assert progress(job) == f"done, step 5 of 5 (report): {job.note}"
    assert all("acknowledged at" in words for words in job.document["devices"].values())
    assert user(world) is UserState.DISABLED
    assert {device.access for device in world.devices.list(ann.organisation)} == {AccessLevel.BLOCK}
    assert world.runner.round() == 0
    orders = world.orders()
    assert [(order.job, order.requested_by, order.reason) for order in orders] == [
        (job.id, "root", "left")
    ] * 2


def test_the_trail_has_every_step(world: Leaving, ann: User) -> None:
    world.begin(ann)
    world.runner.round()
    world.clock.pass_by(days=2)
    world.runner.round()
    tags = [record.tag for record in world.trail()]
    assert tags.count(AuditTag.OFFBOARDING_STARTED) == 1
    assert tags.count(AuditTag.OFFBOARDING_STEP) == len(STEPS)
    order = [tags.index(tag) for tag in (AuditTag.WIPE_REQUIRED, AuditTag.ACCESS_CHANGED)]
    assert order == sorted(order)
    assert tags.index(AuditTag.ACCESS_CHANGED) < tags.index(AuditTag.USER_CHANGED)


def test_at_the_deadline_it_goes_on_and_the_wipes_stay_ordered(world: Leaving, ann: User) -> None:
    job = world.begin(ann)
    world.runner.round()
    world.clock.pass_by(hours=24)
    world.runner.round()
    job = world.now(job)
    assert job.note == "done: 0 of 2 devices acknowledged their wipe"
    assert all("waiting for the device" in words for words in job.document["devices"].values())
    assert {order.progress for order in world.orders()} == {Progress.QUEUED}
    assert len(world.devices.open_wipes()) == 2
    device = world.devices.list(ann.organisation)[0]
    assert world.lane.prove(device.key, device.proof_key, ip="192.0.2.7") is not None


def test_a_device_that_cannot_be_wiped_so_is_blocked_and_reported(world: Leaving, ann: User) -> None:
    old = world.provisioned_phone(ann, "OLD", Version.V14_1)
    job = world.begin(ann)
    world.runner.round()
    world.clock.pass_by(days=2)
    world.runner.round()
    told = world.now(job).document["devices"]["OLD"]
    assert "no wipe ordered" in told and "16.1" in told
    found = world.devices.get(old.key)
    assert found is not None
    assert (found.state, found.access) == (DeviceState.PROVISIONING_SUCCEEDED, AccessLevel.BLOCK)


def test_full_wipes_wait_for_their_approval(world: Leaving, ann: User) -> None:
    world.guard(wipes_per_day_percent=100)
    with pytest.raises(GatewayError, match="reason"):
        world.begin(ann, WipeKind.DEVICE)
    job = world.begin(ann, WipeKind.DEVICE, "stolen car")
    world.runner.round()
    assert {order.progress for order in world.orders()} == {Progress.AWAITING}
    for order in world.orders():
        with pytest.raises(GatewayError):
            world.wipes.approve(ROOT, "acme", order.id)
        world.wipes.approve(SECOND, "acme", order.id)
    assert len(world.devices.open_wipes()) == 2
    assert world.now(job).step == "wait"


def test_account_wipes_of_one_person_are_one_decision(world: Leaving, ann: User) -> None:
    """Two per cent of two devices is one device; the person counts, not the phones."""
    world.begin(ann)
    world.runner.round()
    assert world.safeguards.get("acme").frozen == ""


def test_over_a_budget_it_waits_until_somebody_lifts_the_freeze(world: Leaving, ann: User) -> None:
    bob = world.users.create(ROOT, "acme", "bob@acme.example", password="Correct-Horse-1")
    world.provisioned_phone(bob, "PHONE9")
    first = world.begin(ann)
    second = world.begin(bob)
    world.runner.round()
    job = world.now(second)
    assert (job.step, job.note.startswith("waits: ")) == ("wipe", True)
    assert world.safeguards.get("acme").frozen
    assert world.now(first).step == "wait"
    world.runner.round()
    assert world.now(second).step == "wipe"
    world.safeguards.lift(SECOND, "acme", "he did leave")
    world.runner.round()
    assert world.now(second).step == "wait"


def test_it_is_begun_once(world: Leaving, ann: User) -> None:
    job = world.begin(ann)
    assert world.begin(ann) == job
    assert world.offboarding.list("acme") == [job]


@pytest.mark.parametrize("rounds", [0, 1], ids=["before it began", "while it waits"])
def test_it_can_be_cancelled_before_what_cannot_be_undone(world: Leaving, ann: User, rounds: int) -> None:
    job = world.begin(ann)
    for _ in range(rounds):
        world.runner.round()
    over = world.offboarding.cancel(SECOND, "acme", job.id, "he stays")
    assert over.state is JobState.CANCELLED
    world.clock.pass_by(days=9)
    assert world.runner.round() == 0
    assert user(world) is UserState.ENABLED
    assert not world.devices.open_wipes()
    with pytest.raises(GatewayError) as caught:
        world.offboarding.cancel(SECOND, "acme", job.id)
    assert caught.value.kind is Kind.CONFLICT


def test_cancelling_leaves_what_somebody_else_had_ordered(world: Leaving, ann: User) -> None:
    first = world.devices.list(ann.organisation)[0]
    theirs = world.wipes.request(SECOND, first.key, Wanted(WipeKind.ACCOUNT))
    job = world.begin(ann)
    world.runner.round()
    world.offboarding.cancel(ROOT, "acme", job.id)
    assert world.wipes.get("acme", theirs.id).progress is Progress.QUEUED
    assert len(world.devices.open_wipes()) == 1


@pytest.mark.parametrize(
    "wait", [timedelta(0), timedelta(seconds=59), timedelta(days=91), timedelta(-1)], ids=str
)
def test_a_deadline_is_sensible(world: Leaving, ann: User, wait: timedelta) -> None:
    with pytest.raises(GatewayError) as caught:
        world.offboarding.start(ROOT, ann, wait)
    assert list(caught.value.faults) == ["deadline"]


def test_a_job_of_another_organisation_is_not_there(world: Leaving, ann: User) -> None:
    world.organisation("globex")
    job = world.begin(ann)
    for act in (world.offboarding.get, lambda home, name: world.offboarding.cancel(ROOT, home, name)):
        with pytest.raises(GatewayError) as caught:
            act("globex", job.id)
        assert caught.value.kind is Kind.NOT_FOUND


def test_a_user_without_devices(world: Leaving) -> None:
    job = world.begin(world.user("zoe@acme.example"))
    world.runner.round()
    assert world.now(job).note == "done: 0 of 0 devices acknowledged their wipe"

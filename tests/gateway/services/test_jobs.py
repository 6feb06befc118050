"""Jobs are done once, however many run them; kill -9 at each step is in tests/crash/test_offboarding.py."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from gateway.chance import Secrets
from gateway.records import JobState
from gateway.services.jobs import KINDS, JobRunner, steps_of
from gateway.services.offboarding import KIND, STEPS, Offboarding
from gateway.store import DatabaseStore
from tests.support.stores import Clock
from tests.support.wipes import ROOT, WipeWorld


def test_the_steps_of_a_kind() -> None:
    assert steps_of(KIND) == ("wipe", "wait", "block", "disable", "report")
    assert KINDS == {KIND: STEPS}


def test_a_job_that_is_gone_is_none(store: DatabaseStore) -> None:
    runner = JobRunner(store, Clock(), Secrets())
    assert runner.step("j-none") is None
    assert runner.round() == 0


def test_many_runners_do_each_step_once(store: DatabaseStore) -> None:
    world = WipeWorld(store, keys=Secrets())  # type: ignore[arg-type]
    world.organisation()
    ann = world.user()
    world.provisioned_phone(ann)
    made = Offboarding(store, world.clock, Secrets())
    job = made.start(ROOT, ann, timedelta(minutes=1))
    late = Clock(world.clock.now() + timedelta(hours=1))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: JobRunner(store, late, Secrets()).round(), range(4)))
    assert made.get("acme", job.id).state is JobState.DONE
    assert len(world.orders()) == 1
    steps = [record for record in world.trail() if record.tag.value == "gateway:offboarding:step"]
    assert len([each for each in steps if each.after.get("step")]) == len(steps_of(KIND))

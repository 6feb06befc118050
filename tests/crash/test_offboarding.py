"""kill -9 before, in and after each step of an off-boarding: whoever comes next goes on (product 5.6).

On both databases: the process that dies shares nothing with the one that goes on but the rows.
"""

import multiprocessing
import os
import signal
from datetime import timedelta
from multiprocessing.connection import Connection
from typing import Any

import pytest

from gateway.chance import Secrets
from gateway.records import JobState, UserState
from gateway.services import jobs
from gateway.services.jobs import KINDS, JobRunner, steps_of
from gateway.services.offboarding import KIND, Offboarding
from gateway.store import DatabaseStore, open_store
from mdm.device import AccessLevel
from tests.support.stores import Clock, store, store_url
from tests.support.wipes import ROOT, WipeWorld

__all__ = ["store", "store_url"]
FORK = multiprocessing.get_context("fork")
"""It dies at once and touches nothing that it inherits; a fresh interpreter takes four seconds each time."""


def _die_at(url: str, name: str, when: str, clock: Clock, pipe: Connection) -> None:
    """Run jobs, and die without a word before, in, or after the transaction of one step."""
    store = open_store(url)
    steps: Any = dict(KINDS[KIND])
    real = steps[name]

    def deadly(*arguments: Any) -> Any:
        if when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        after = real(*arguments)
        if when == "within":
            os.kill(os.getpid(), signal.SIGKILL)
        return after

    steps[name] = deadly
    jobs.KINDS = {KIND: steps}
    runner = JobRunner(store, clock, Secrets())
    (job,) = Offboarding(store, clock, Secrets()).list("acme")
    while (after := runner.step(job.id)) is not None:
        if when == "after" and job.step == name and after.step != name:
            os.kill(os.getpid(), signal.SIGKILL)
        job = after
    pipe.send("lived")


@pytest.mark.parametrize("when", ["before", "within", "after"])
@pytest.mark.parametrize("name", steps_of(KIND))
def test_kill_at_each_step(store_url: str, store: DatabaseStore, name: str, when: str) -> None:
    world = WipeWorld(store, keys=Secrets())  # type: ignore[arg-type]
    world.organisation()
    ann = world.user()
    for device_id in ("PHONE1", "PHONE2"):
        world.provisioned_phone(ann, device_id)
    made = Offboarding(store, world.clock, Secrets())
    job = made.start(ROOT, ann, timedelta(minutes=1))
    late = Clock(world.clock.now() + timedelta(hours=1))
    ours, theirs = FORK.Pipe()
    process = FORK.Process(target=_die_at, args=(store_url, name, when, late, theirs))
    process.start()
    process.join(60)
    last = name == "report" and when == "after"
    assert process.exitcode == (0 if last else -signal.SIGKILL), "it did not die where it should"
    runner = JobRunner(store, late, Secrets())
    runner.round()
    done = made.get("acme", job.id)
    assert (done.state, done.note) == (JobState.DONE, "done: 0 of 2 devices acknowledged their wipe")
    assert len(world.orders()) == 2, "each device was ordered once"
    assert world.users.get(ann.id).state is UserState.DISABLED
    assert {device.access for device in world.devices.list(ann.organisation)} == {AccessLevel.BLOCK}
    ours.close()

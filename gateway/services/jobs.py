"""Running jobs to their end, whatever dies on the way (product 5.6).

A step is done in one transaction with the note that it is done: read the job, do the step's work, write the
job. Several processes may run the same jobs: writers come one after the other, each begins with the job as it
stands then, and a step that was done is not there any more to be done again.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

from gateway.errors import GatewayError
from gateway.records import Actor, AuditTag, Job, JobState
from gateway.services import offboarding
from gateway.services.acts import Act, Acts, Entry
from gateway.services.offboarding import Step
from gateway.services.ports import Clock, KeySource, Store

KINDS: Mapping[str, Mapping[str, Step]] = {offboarding.KIND: offboarding.STEPS}
"""Kind of a job to its steps."""

STEPS_AT_ONCE = 20
"""Steps of one job in one round; one that waits takes the first of them."""

_log = logging.getLogger(__name__)


class JobRunner:
    """Does what is due; ``gateway.worker.Rounds`` calls ``round`` again and again."""

    def __init__(self, store: Store, clock: Clock, keys: KeySource) -> None:
        self._store = store
        self._acts = Acts(store, clock)
        self._keys = keys

    def round(self) -> int:
        """Take every running job as far as it goes; returns how many steps were done. One that fails is
        said, and holds up no other."""
        with self._store.read() as transaction:
            running = transaction.jobs.running()
        return sum(self._advance(job) for job in running)

    def _advance(self, job: Job) -> int:
        done = 0
        while done < STEPS_AT_ONCE:
            try:
                after = self.step(job.id)
            except GatewayError as error:
                _log.warning("job %s: %s", job.id, error)
                return done
            if after is None or (after.step, after.state) == (job.step, job.state):
                return done
            job, done = after, done + 1
        return done

    def step(self, identity: str) -> Job | None:
        """Do the job's present step; None when it has ended or is gone."""
        with self._store.read() as transaction:
            job = transaction.jobs.get(identity)
        if job is None or job.state is not JobState.RUNNING:
            return None
        # On behalf of who began it: the budgets count by that person.
        actor = Actor("system", job.created_by, person=job.created_person)
        act = Act(AuditTag.OFFBOARDING_STEP, actor, job.organisation, job.user, job.reason)
        return self._acts.perform(act, lambda entry: self._work(entry, identity))

    def _work(self, entry: Entry, identity: str) -> Job | None:
        before = entry.transaction.jobs.get(identity)
        if before is None or before.state is not JobState.RUNNING:
            return None
        after = KINDS[before.kind][before.step](entry, before, self._keys)
        if after == before:
            return before
        saved = replace(after, updated_at=entry.now)
        entry.transaction.jobs.save(saved)
        if (after.step, after.state) != (before.step, before.state):
            entry.record(before=_place(before), after=_place(after) | {"note": after.note})
        return saved


def _place(job: Job) -> dict[str, str]:
    return {"job": job.id, "step": job.step, "state": job.state.value}


def steps_of(kind: str) -> Sequence[str]:
    """The names of a job's steps, in order."""
    return tuple(KINDS[kind])

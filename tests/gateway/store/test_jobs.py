"""Rows of jobs, on every database."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.records import Job, JobState
from gateway.store import DatabaseStore
from tests.support.stores import ACME, NOON

FIRST = Job(
    "j-1", ACME.id, "offboarding", "u-1", "wipe", NOON, "root", NOON + timedelta(days=2), NOON, "left"
)

pytestmark = pytest.mark.usefixtures("acme")


def test_a_job_is_read_as_it_was_written(store: DatabaseStore) -> None:
    done = replace(FIRST, state=JobState.DONE, step="report", note="all", document={"devices": [1]})
    with store.write() as transaction:
        transaction.jobs.add(FIRST)
        assert transaction.jobs.get("j-1") == FIRST
        transaction.jobs.save(done)
    with store.read() as transaction:
        assert transaction.jobs.get("j-1") == done
        assert transaction.jobs.get("j-2") is None


def test_running_ones_are_told_apart_and_lists_go_on(store: DatabaseStore) -> None:
    second = replace(FIRST, id="j-2", user="u-2", created_at=NOON + timedelta(hours=1))
    with store.write() as transaction:
        for job in (FIRST, second, replace(FIRST, id="j-3", state=JobState.CANCELLED)):
            transaction.jobs.add(job)
    with store.read() as transaction:
        assert transaction.jobs.running() == [FIRST, second]
        assert transaction.jobs.running(kind="offboarding", user="u-2") == [second]
        assert [job.id for job in transaction.jobs.list(ACME.id)] == ["j-2", "j-3", "j-1"]
        assert [job.id for job in transaction.jobs.list(ACME.id, before=(NOON, "j-3"))] == ["j-1"]

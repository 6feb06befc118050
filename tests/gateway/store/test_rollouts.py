"""Rows of policy changes under way, on every database."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.errors import LostRace
from gateway.records import Rollout, RolloutState
from gateway.store import DatabaseStore
from tests.support.stores import ACME, GLOBEX, NOON, device, user

FIRST = Rollout(ACME.id, 1, "default@2", "root", NOON, 3600, 60)
SECOND = replace(FIRST, number=2, place=("u", "PHONE1"), planned=3, moved=1, kept_s=7, paused_at=NOON)


@pytest.fixture(autouse=True)
def _organisations(store: DatabaseStore) -> None:
    with store.write() as transaction:
        for organisation in (ACME, GLOBEX):
            transaction.directory.add_organisation(organisation)
        transaction.rollouts.add(FIRST)
        transaction.rollouts.add(SECOND)


def test_the_last_is_the_one_that_counts(store: DatabaseStore) -> None:
    with store.read() as transaction:
        assert transaction.rollouts.last(ACME.id) == SECOND
        assert transaction.rollouts.last(GLOBEX.id) is None
        assert transaction.rollouts.list(ACME.id) == [SECOND, FIRST]


def test_under_way_is_what_the_job_works_on(store: DatabaseStore) -> None:
    with store.write() as transaction:
        transaction.rollouts.save(replace(FIRST, state=RolloutState.SUPERSEDED))
        assert transaction.rollouts.under_way() == [SECOND]
        transaction.rollouts.save(replace(SECOND, state=RolloutState.RUNNING))
        assert [one.number for one in transaction.rollouts.under_way()] == [2]
        transaction.rollouts.save(replace(SECOND, state=RolloutState.CANCELLING))
        assert [one.number for one in transaction.rollouts.under_way()] == [2]
        for state in (RolloutState.PAUSED, RolloutState.DONE, RolloutState.CANCELLED):
            transaction.rollouts.save(replace(SECOND, state=state))
            assert transaction.rollouts.under_way() == []


def test_who_is_due_comes_in_the_order_of_time(store: DatabaseStore) -> None:
    ann = user("ann")
    phones = [device(f"PHONE{n}", ann, reprovision_at=NOON - timedelta(minutes=n)) for n in range(3)]
    with store.write() as transaction:
        transaction.directory.add_user(ann)
        for one in (*phones, device("CALM", ann)):
            transaction.devices.add(one)
        rollouts = transaction.rollouts
        assert (rollouts.waiting(ACME.id, NOON), rollouts.waiting(GLOBEX.id, NOON)) == (3, 0)
        assert [key.device_id for key in rollouts.due(ACME.id, NOON, 9)] == ["PHONE2", "PHONE1", "PHONE0"]
        until = NOON - timedelta(seconds=30)
        assert [key.device_id for key in rollouts.due(ACME.id, until, 9)] == ["PHONE2", "PHONE1"]
        assert [key.device_id for key in rollouts.due(ACME.id, until, 1)] == ["PHONE2"]


def test_nothing_counts_more_than_was_planned(store: DatabaseStore) -> None:
    with pytest.raises(LostRace), store.write() as transaction:
        transaction.rollouts.save(replace(FIRST, moved=1))


def test_a_moment_is_written_alone(store: DatabaseStore) -> None:
    ann = user("ann")
    one, other = device("PHONE1", ann, policy_key=7), device("PHONE2", ann)
    with store.write() as transaction:
        transaction.directory.add_user(ann)
        for each in (one, other):
            transaction.devices.add(each)
        transaction.rollouts.set_moments([replace(one, reprovision_at=NOON, policy_key=0)])
        transaction.rollouts.set_moments([])
        assert transaction.devices.get(one.key) == replace(one, reprovision_at=NOON, revision=1)
        assert transaction.devices.get(other.key) == other
        transaction.rollouts.set_moments([one])
        assert transaction.devices.get(one.key) == replace(one, revision=2)

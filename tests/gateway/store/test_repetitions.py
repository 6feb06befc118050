"""Rows of keyed requests, on every database."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.errors import LostRace
from gateway.records.repetitions import KeptRequest
from gateway.store import DatabaseStore
from tests.support.stores import NOON

TAKEN = KeptRequest("ann", "k" * 64, "r" * 64, "p-1", NOON)


@pytest.fixture(autouse=True)
def _taken(store: DatabaseStore) -> None:
    with store.write() as transaction:
        transaction.repetitions.add(TAKEN)


def test_a_key_is_taken_once_by_each(store: DatabaseStore) -> None:
    with pytest.raises(LostRace), store.write() as transaction:
        transaction.repetitions.add(TAKEN)
    with store.write() as transaction:
        transaction.repetitions.add(replace(TAKEN, principal="eve"))


def test_an_answer_is_written_down(store: DatabaseStore) -> None:
    answered = replace(TAKEN, status=201, media_type="application/json", body=b"\x00{}\xff")
    with store.write() as transaction:
        transaction.repetitions.save(answered)
    with store.read() as transaction:
        assert transaction.repetitions.get("ann", TAKEN.key) == answered
        assert transaction.repetitions.get("eve", TAKEN.key) is None


def test_one_is_removed_and_old_ones_are_pruned(store: DatabaseStore) -> None:
    with store.write() as transaction:
        transaction.repetitions.add(replace(TAKEN, key="o" * 64, created_at=NOON - timedelta(days=1)))
        assert transaction.repetitions.prune(NOON) == 1
        transaction.repetitions.remove("ann", TAKEN.key)
        assert transaction.repetitions.get("ann", TAKEN.key) is None

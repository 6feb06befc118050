"""Rows of self-service sessions on every database: one that was ended is not seen again (T24)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.records.app_passwords import SelfSession
from gateway.store import DatabaseStore
from tests.support.stores import ACME, NOON, user

ANN = user("ann")
LATER, END = NOON + timedelta(minutes=5), NOON + timedelta(hours=2)
ONE = SelfSession("y-1", ACME.id, ANN.id, "d" * 64, NOON, NOON, NOON, END)
TWO = SelfSession("y-2", ACME.id, ANN.id, "e" * 64, NOON, LATER, NOON, END)


@pytest.fixture(autouse=True)
def _made(store: DatabaseStore) -> None:
    with store.write() as transaction:
        transaction.directory.add_organisation(ACME)
        transaction.directory.add_user(ANN)
        for session in (ONE, TWO):
            transaction.self_sessions.add(session)


def test_a_session_comes_back_as_it_was(store: DatabaseStore) -> None:
    with store.read() as transaction:
        assert transaction.self_sessions.by_digest("d" * 64) == ONE
        assert transaction.self_sessions.by_digest("f" * 64) is None


def test_seen_goes_forward_only(store: DatabaseStore) -> None:
    with store.write() as transaction:
        for at in (LATER, NOON):
            transaction.self_sessions.seen("y-1", at)
        transaction.self_sessions.prove("y-1", LATER)
        assert transaction.self_sessions.by_digest("d" * 64) == replace(ONE, seen_at=LATER, proved_at=LATER)


def test_what_was_ended_is_gone(store: DatabaseStore) -> None:
    with store.write() as transaction:
        assert transaction.self_sessions.end("y-1")
        assert not transaction.self_sessions.end("y-1")
        assert transaction.self_sessions.end_all(ANN.id) == 1


def test_what_is_over_is_pruned(store: DatabaseStore) -> None:
    with store.write() as transaction:
        assert transaction.self_sessions.prune(NOON, NOON) == 0
        assert transaction.self_sessions.prune(LATER, NOON) == 1
        assert transaction.self_sessions.prune(NOON, END + timedelta(seconds=1)) == 1

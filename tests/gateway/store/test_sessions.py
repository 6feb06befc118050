"""Rows of sessions on every database: one that was ended is not seen again (T24)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.records.administrators import Session
from gateway.store import DatabaseStore
from tests.gateway.store.test_administrators import account
from tests.support.stores import NOON

LATER = NOON + timedelta(minutes=20)
END = NOON + timedelta(hours=12)
ONE = Session("s-1", "d" * 64, "a-ann", NOON, NOON, NOON, END, "192.0.2.1", "a browser")
TWO = Session("s-2", "e" * 64, "a-ann", LATER, LATER, LATER, END)
HIS = Session("s-3", "f" * 64, "a-bob", NOON, LATER, NOON, END)


@pytest.fixture(autouse=True)
def _sessions(store: DatabaseStore) -> None:
    with store.write() as transaction:
        for name in ("ann", "bob"):
            transaction.administrators.add(account(name))
        for session in (ONE, TWO, HIS):
            transaction.sessions.add(session)


def test_a_session_comes_back_as_it_was(store: DatabaseStore) -> None:
    with store.read() as transaction:
        assert transaction.sessions.get("s-1") == transaction.sessions.by_digest("d" * 64) == ONE
        assert transaction.sessions.of("a-ann") == [ONE, TWO]
        assert transaction.sessions.by_digest("g" * 64) is None


def test_seen_goes_forward_only_and_confirming_takes_the_moment(store: DatabaseStore) -> None:
    with store.write() as transaction:
        for at in (LATER, NOON):
            transaction.sessions.seen("s-1", at)
        transaction.sessions.confirm("s-1", LATER)
        assert transaction.sessions.get("s-1") == replace(ONE, seen_at=LATER, confirmed_at=LATER)


def test_what_was_ended_is_not_brought_back_by_being_seen(store: DatabaseStore) -> None:
    with store.write() as transaction:
        assert transaction.sessions.end("s-1")
        assert not transaction.sessions.end("s-1")
        transaction.sessions.seen("s-1", LATER)
        transaction.sessions.confirm("s-1", LATER)
        assert transaction.sessions.get("s-1") is None


def test_all_of_an_account_end_but_one(store: DatabaseStore) -> None:
    with store.write() as transaction:
        assert transaction.sessions.end_all("a-ann", but="s-2") == 1
        assert transaction.sessions.of("a-ann") == [TWO]
        assert transaction.sessions.end_all("a-ann") == 1
        assert transaction.sessions.of("a-bob") == [HIS]


def test_those_that_are_over_are_pruned(store: DatabaseStore) -> None:
    with store.write() as transaction:
        assert transaction.sessions.prune(LATER, NOON) == 1
        assert transaction.sessions.of("a-ann") == [TWO]
        assert transaction.sessions.prune(NOON, END + timedelta(seconds=1)) == 2


def test_sessions_go_with_their_account(store: DatabaseStore) -> None:
    with store.write() as transaction:
        transaction.administrators.remove("a-bob")
        assert transaction.sessions.get("s-3") is None

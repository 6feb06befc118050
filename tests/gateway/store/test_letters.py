"""Rows of subscriptions and letters, on every database."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.records.authority import Reach
from gateway.records.events import Letter, LetterKind, NoticeKind, Progress, Subscription
from gateway.store import DatabaseStore
from tests.support.stores import ACME, GLOBEX, NOON

ANN, BOB = "ann@acme.example", "bob@acme.example"

pytestmark = pytest.mark.usefixtures("acme_and_globex")


def letter(address: str = ANN, **values: object) -> Letter:
    return Letter(ACME.id, address, LetterKind.EVENT, NOON, NOON, NoticeKind.WIPE, 1, **values)  # type: ignore[arg-type]


def test_a_subscription_is_one_for_each_address(store: DatabaseStore) -> None:
    first = Subscription(ACME.id, ANN, (NoticeKind.WIPE,))
    second = Subscription(ACME.id, ANN, (NoticeKind.BACKEND, NoticeKind.DEVICE))
    gateways = Subscription("", ANN, (NoticeKind.CERTIFICATE,))
    with store.write() as transaction:
        for each in (first, second, gateways):
            transaction.subscriptions.put(each)
        assert transaction.subscriptions.of(ACME.id) == [second]
        assert transaction.subscriptions.of("") == [gateways]
        assert transaction.subscriptions.of(GLOBEX.id) == []
        assert len(transaction.subscriptions.all()) == 2
        assert transaction.subscriptions.remove(ACME.id, ANN)
        assert not transaction.subscriptions.remove(ACME.id, ANN)


def test_those_of_others_are_out_of_reach(store: DatabaseStore) -> None:
    with store.write() as transaction:
        transaction.subscriptions.put(Subscription(ACME.id, ANN, (NoticeKind.WIPE,)))
        transaction.subscriptions.put(Subscription("", ANN, (NoticeKind.WIPE,)))
    with store.within(Reach(organisations=frozenset({GLOBEX.id}))).write() as transaction:
        assert transaction.subscriptions.all() == transaction.subscriptions.of(ACME.id) == []
        assert transaction.subscriptions.of("") == []
        assert not transaction.subscriptions.remove(ACME.id, ANN)


def test_a_letter_is_due_until_somebody_has_it_in_hand(store: DatabaseStore) -> None:
    with store.write() as transaction:
        letters = transaction.letters
        first, second = letters.add(letter()), letters.add(letter(BOB))
        assert letters.due(NOON, 10) == [first, second]
        assert letters.pending()
        letters.save(replace(first, claimed_until=NOON + timedelta(seconds=60)))
        letters.save(replace(second, next_at=NOON + timedelta(hours=1)))
        assert letters.due(NOON, 10) == []
        assert [each.id for each in letters.due(NOON + timedelta(minutes=1), 10)] == [first.id]
        for each in (first, second):
            letters.save(replace(each, state=Progress.DELIVERED, ended_at=NOON))
        assert not letters.pending()
        assert [each.id for each in letters.recent(ACME.id, 10)] == [second.id, first.id]
        assert letters.recent("", 10) == []


def test_what_was_held_back_is_told_once(store: DatabaseStore) -> None:
    with store.write() as transaction:
        letters = transaction.letters
        letters.add(letter())
        held = [letters.add(letter(state=Progress.HELD)) for _ in range(3)]
        letters.add(letter(BOB, state=Progress.HELD))
        assert letters.counted(ANN, NOON - timedelta(hours=1)) == 1
        assert letters.counted(ANN, NOON) == 0
        assert sorted(letters.held_addresses()) == [ANN, BOB]
        letters.summarise(ANN, 99)
        assert letters.held_addresses() == [BOB]
        assert [each.id for each in letters.told_in(99, 10)] == [each.id for each in held]


def test_only_what_ended_is_forgotten(store: DatabaseStore) -> None:
    with store.write() as transaction:
        transaction.letters.add(letter())
        transaction.letters.add(letter(state=Progress.DELIVERED))
        assert transaction.letters.prune(NOON) == 0
        assert transaction.letters.prune(NOON + timedelta(seconds=1)) == 1
        assert transaction.letters.pending()

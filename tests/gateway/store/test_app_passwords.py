"""Rows of app passwords on every database: one device's, whoever comes at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.errors import LostRace
from gateway.records.app_passwords import AppPassword
from gateway.store import DatabaseStore
from tests.support.stores import ACME, NOON, user

ANN, BOB = user("ann"), user("bob")
ONE = AppPassword("k-1", ACME.id, ANN.id, "phone", "d" * 64, NOON)
TWO = AppPassword("k-2", ACME.id, ANN.id, "tablet", "e" * 64, NOON, NOON + timedelta(days=1))
HIS = AppPassword("k-3", ACME.id, BOB.id, "phone", "d" * 64, NOON)


@pytest.fixture(autouse=True)
def _made(store: DatabaseStore) -> None:
    with store.write() as transaction:
        transaction.directory.add_organisation(ACME)
        for person in (ANN, BOB):
            transaction.directory.add_user(person)
        for made in (ONE, TWO, HIS):
            transaction.app_passwords.add(made)


def test_they_are_found_per_user(store: DatabaseStore) -> None:
    with store.read() as transaction:
        assert transaction.app_passwords.of(ANN.id) == [ONE, TWO]
        assert transaction.app_passwords.find(ANN.id, "d" * 64) == ONE
        assert transaction.app_passwords.find(BOB.id, "d" * 64) == HIS
        assert transaction.app_passwords.find(BOB.id, "e" * 64) is None


def test_one_digest_is_a_users_once(store: DatabaseStore) -> None:
    with pytest.raises(LostRace), store.write() as transaction:
        transaction.app_passwords.add(replace(ONE, id="k-9"))


def test_of_devices_that_come_together_one_gets_it(store: DatabaseStore) -> None:
    def bind(number: int) -> AppPassword | None:
        with store.write() as transaction:
            return transaction.app_passwords.bind("k-1", f"PHONE{number}")

    with ThreadPoolExecutor(8) as pool:
        bound = {made.device_id for made in pool.map(bind, range(16)) if made is not None}
    assert len(bound) == 1
    with store.write() as transaction:
        assert transaction.app_passwords.bind("k-none", "PHONE1") is None


def test_a_use_is_noted_to_the_minute(store: DatabaseStore) -> None:
    with store.write() as transaction:
        for seconds in (0, 59, 61, -100):
            transaction.app_passwords.used("k-1", NOON + timedelta(seconds=seconds))
        (first, _) = transaction.app_passwords.of(ANN.id)
        assert first.last_used_at == NOON + timedelta(seconds=61)


def test_what_is_gone_or_expired_is_not_alive(store: DatabaseStore) -> None:
    with store.write() as transaction:
        assert transaction.app_passwords.alive({"k-1", "k-2", "k-9"}, NOON) == {"k-1", "k-2"}
        assert transaction.app_passwords.alive({"k-1", "k-2"}, NOON + timedelta(days=1)) == {"k-1"}
        assert transaction.app_passwords.alive((), NOON) == frozenset()


def test_a_user_removes_ones_own(store: DatabaseStore) -> None:
    with store.write() as transaction:
        assert not transaction.app_passwords.remove(ANN.id, "k-3")
        assert transaction.app_passwords.remove(ANN.id, "k-1")
        assert transaction.app_passwords.remove_all(ANN.id) == 1
        assert transaction.app_passwords.of(BOB.id) == [HIS]


def test_they_go_with_their_user(store: DatabaseStore) -> None:
    with store.write() as transaction:
        transaction.directory.remove_user(ANN.id)
        assert transaction.app_passwords.alive({"k-1", "k-2", "k-3"}, NOON) == {"k-3"}

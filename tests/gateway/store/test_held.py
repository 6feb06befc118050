"""Rows of the devices that wait in quarantine, on every database."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.records import HeldDevice
from gateway.store import DatabaseStore
from tests.support.stores import ACME, NOON, device, user

ANN = user()
PHONE, OTHER = device("PHONE1"), device("PHONE2")
HELD = HeldDevice(PHONE.key, NOON, "the organisation's default", ("r1",), 1, NOON)


@pytest.fixture(autouse=True)
def _devices(store: DatabaseStore) -> None:
    with store.write() as transaction:
        transaction.directory.add_organisation(ACME)
        transaction.directory.add_user(ANN)
        transaction.devices.add(PHONE)
        transaction.devices.add(OTHER)


def test_who_waits_longest_comes_first(store: DatabaseStore) -> None:
    later = replace(HELD, key=OTHER.key, since=NOON + timedelta(hours=1))
    with store.write() as transaction:
        transaction.held.put(later)
        transaction.held.put(HELD)
        transaction.held.put(HELD)
        assert transaction.held.get(PHONE.key) == HELD
        assert transaction.held.count(ACME.id) == 2
        assert transaction.held.list(ACME.id) == [HELD, later]
        assert transaction.held.list(ACME.id, limit=1) == [HELD]
        assert transaction.held.list(ACME.id, after=(NOON, ANN.id, "PHONE1")) == [later]
        assert transaction.held.list(ACME.id, user="u-nobody") == []
        assert transaction.held.remove(PHONE.key)
        assert not transaction.held.remove(PHONE.key)


def test_requests_are_counted_for_those_who_wait(store: DatabaseStore) -> None:
    soon = NOON + timedelta(minutes=1)
    with store.write() as transaction:
        transaction.held.put(HELD)
        transaction.held.counted([(PHONE.key, 3, soon), (OTHER.key, 1, soon)])
        transaction.held.counted([])
        assert transaction.held.get(PHONE.key) == replace(HELD, requests=4, last_request=soon)
        assert transaction.held.get(OTHER.key) is None


def test_who_is_removed_waits_no_longer(store: DatabaseStore) -> None:
    with store.write() as transaction:
        transaction.held.put(HELD)
        transaction.devices.remove(PHONE.key)
        assert transaction.held.list(ACME.id) == []

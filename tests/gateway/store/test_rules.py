"""Rows of rule sets and of expected devices, on every database."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.errors import LostRace
from gateway.records import ExpectedDevice, RuleSetVersion
from gateway.store import DatabaseStore
from mdm.device import AccessLevel, DeviceKey
from tests.support.stores import ACME, NOON, user

FIRST = RuleSetVersion(ACME.id, 1, ({"id": "a", "conditions": []}, {"id": "b"}), NOON, "root")
SECOND = replace(FIRST, version=2, documents=())
ANN = user()
KEY = DeviceKey(ACME.id, ANN.id, "PHONE1")
WANTED = ExpectedDevice(KEY, AccessLevel.ALLOW, "bought", NOON + timedelta(days=1), NOON, "root")


@pytest.fixture(autouse=True)
def _organisation(store: DatabaseStore) -> None:
    with store.write() as transaction:
        transaction.directory.add_organisation(ACME)
        transaction.directory.add_user(ANN)


def test_the_newest_version_is_in_force(store: DatabaseStore) -> None:
    with store.write() as transaction:
        assert (transaction.rules.version(ACME.id), transaction.rules.current(ACME.id)) == (0, None)
        transaction.rules.add(FIRST)
        transaction.rules.add(SECOND)
    with store.read() as transaction:
        assert transaction.rules.version(ACME.id) == 2
        assert transaction.rules.current(ACME.id) == SECOND
        assert transaction.rules.get(ACME.id, 1) == FIRST
        assert transaction.rules.versions(ACME.id) == [FIRST, SECOND]


def test_a_version_is_written_once_and_old_ones_are_forgotten(store: DatabaseStore) -> None:
    with store.write() as transaction:
        transaction.rules.add(FIRST)
        transaction.rules.add(SECOND)
    with pytest.raises(LostRace), store.write() as transaction:
        transaction.rules.add(FIRST)
    with store.write() as transaction:
        transaction.rules.forget(ACME.id, 2)
        assert transaction.rules.versions(ACME.id) == [SECOND]


def test_expected_devices_are_kept_until_nobody_expects_them(store: DatabaseStore) -> None:
    other = replace(WANTED, key=replace(KEY, device_id="PHONE2"), until=None)
    with store.write() as transaction:
        transaction.rules.expect(WANTED)
        transaction.rules.expect(replace(WANTED, reason="sold", level=AccessLevel.BLOCK))
        transaction.rules.expect(other)
        assert transaction.rules.expected(KEY) == replace(WANTED, reason="sold", level=AccessLevel.BLOCK)
        assert [each.key for each in transaction.rules.all_expected(ACME.id)] == [KEY, other.key]
        assert transaction.rules.all_expected(ACME.id, after=(ANN.id, "PHONE1")) == [other]
        assert transaction.rules.expect_no_more(KEY)
        assert not transaction.rules.expect_no_more(KEY)
        assert transaction.rules.expected(KEY) is None


def test_they_go_with_their_user(store: DatabaseStore) -> None:
    with store.write() as transaction:
        transaction.rules.expect(WANTED)
        transaction.directory.remove_user(ANN.id)
        assert transaction.rules.all_expected(ACME.id) == []

"""Rows of second keys, on every database."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.errors import LostRace
from gateway.records import BackendKey
from gateway.store import DatabaseStore
from mdm.device import DeviceKey, WipeKind
from tests.support.stores import ACME, GLOBEX, NOON, device, user

KEY = device().key
RECORD = BackendKey(
    KEY,
    "exchange",
    policy_key=2**32 - 1,
    given_at=NOON,
    handshakes=3,
    window=NOON,
    busy_until=NOON + timedelta(seconds=30),
    informed="a" * 32,
    wipe_at=NOON,
    wipe=WipeKind.ACCOUNT,
    diagnosis="it asks again and again",
)


@pytest.fixture(autouse=True)
def _device(store: DatabaseStore) -> None:
    with store.write() as transaction:
        transaction.directory.add_organisation(ACME)
        transaction.directory.add_user(user())
        transaction.devices.add(device())


def test_a_record_comes_back_whole_and_is_replaced(store: DatabaseStore) -> None:
    with store.write() as transaction:
        assert transaction.backend_keys.get(KEY, "exchange") is None
        transaction.backend_keys.put(RECORD)
    later = replace(RECORD, policy_key=5, wipe=None, wipe_at=None, busy_until=None)
    with store.write() as transaction:
        assert transaction.backend_keys.get(KEY, "exchange") == RECORD
        transaction.backend_keys.put(later)
    with store.read() as transaction:
        assert transaction.backend_keys.get(KEY, "exchange") == later
        assert transaction.backend_keys.get(KEY, "other") is None


def test_each_backend_has_its_own_and_each_organisation_its_own(store: DatabaseStore) -> None:
    other = replace(RECORD, backend="another")
    with store.write() as transaction:
        assert not transaction.backend_keys.any(ACME.id)
        transaction.backend_keys.put(RECORD)
        transaction.backend_keys.put(other)
        assert transaction.backend_keys.of(KEY) == [other, RECORD]
        assert transaction.backend_keys.any(ACME.id)
        assert not transaction.backend_keys.any(GLOBEX.id)


def test_it_goes_with_its_device_and_never_stands_alone(store: DatabaseStore) -> None:
    with store.write() as transaction:
        transaction.backend_keys.put(RECORD)
        transaction.devices.remove(KEY)
        assert transaction.backend_keys.of(KEY) == []
    stranger = replace(RECORD, key=DeviceKey(ACME.id, user().id, "NOBODY"))
    with pytest.raises(LostRace), store.write() as transaction:
        transaction.backend_keys.put(stranger)

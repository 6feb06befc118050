"""Rows of archived devices, and who is due for the archive, on every database."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.records import ArchiveCause, ArchivedDevice
from gateway.store import DatabaseStore
from mdm.device import DeviceKey, DeviceState, Wipe, WipeKind
from tests.support.stores import ACME, GLOBEX, NOON, device, user

KEY = DeviceKey(ACME.id, user().id, "PHONE1")
FIRST = ArchivedDevice(KEY, "ann@acme.example", ArchiveCause.WIPED, NOON, {"a": 1}, ({"tag": "x"},))


@pytest.fixture(autouse=True)
def _organisation(store: DatabaseStore) -> None:
    with store.write() as transaction:
        transaction.directory.add_organisation(ACME)
        transaction.directory.add_user(user())


def test_what_was_archived_is_found_by_device_and_in_order(store: DatabaseStore) -> None:
    with store.write() as transaction:
        for number in range(3):
            transaction.archive.add(replace(FIRST, address=str(number)))
        transaction.archive.add(replace(FIRST, key=replace(KEY, device_id="OTHER")))
    with store.read() as transaction:
        found = transaction.archive.of(ACME.id, "PHONE1")
        assert [each.address for each in found] == ["2", "1", "0"]
        assert replace(found[-1], sequence=0) == replace(FIRST, address="0")
        page = transaction.archive.list(ACME.id, limit=2)
        assert [each.key.device_id for each in page] == ["OTHER", "PHONE1"]
        rest = transaction.archive.list(ACME.id, before=page[-1].sequence)
        assert [each.address for each in rest] == ["1", "0"]
        assert transaction.archive.of(GLOBEX.id, "PHONE1") == []


def test_who_is_due(store: DatabaseStore) -> None:
    done = Wipe(WipeKind.DEVICE, NOON, "root", acknowledged_at=NOON)
    long_ago = NOON - timedelta(days=100)
    with store.write() as transaction:
        transaction.devices.add(device("WIPED", state=DeviceState.WIPE_SUCCEEDED, wipe=done))
        transaction.devices.add(device("DUE", state=DeviceState.WIPE_REQUIRED, wipe=done))
        transaction.devices.add(replace(device("SILENT"), last_seen=long_ago))
        transaction.devices.add(device("ALIVE"))
        archive = transaction.archive
        assert archive.wiped(ACME.id, NOON, 10) == []
        assert [key.device_id for key in archive.wiped(ACME.id, NOON + timedelta(1), 10)] == ["WIPED"]
        assert [key.device_id for key in archive.silent(ACME.id, NOON, 10)] == ["SILENT"]
        assert len(archive.silent(ACME.id, NOON + timedelta(days=1), 1)) == 1

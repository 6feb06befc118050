"""Rows of partnerships and tombstones, on every database."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from gateway.errors import LostRace
from gateway.records import Contact
from gateway.records.notices import Notice
from gateway.store import DatabaseStore
from gateway.store.devices import DeviceRows
from gateway.store.tables import devices
from mdm.device import AccessLevel, Device, DeviceInformation, DeviceState, Wipe, WipeKind
from tests.support.stores import ACME, NOON, device, user

WIPE = Wipe(WipeKind.ACCOUNT, NOON, "admin", "lost", NOON, NOON, 2, True)
FULL = device(
    state=DeviceState.WIPE_REQUIRED,
    policy_key=2**31 - 1,
    temporary_key=7,
    offered_at=NOON,
    offered_digest="offered",
    policy_digest="held",
    acknowledged_status=2,
    proof_key=9,
    proof_failures=3,
    proof_window=NOON,
    wipe=WIPE,
    access=AccessLevel.QUARANTINE,
    access_reason="new",
    information=DeviceInformation(model="Pixel", imei="1", friendly_name="Anns Händy 📱"),
    last_sync=NOON,
    last_ip="2001:db8::1",
    user_agent="Android/16",
)


@pytest.fixture(autouse=True)
def _owners(store: DatabaseStore) -> None:
    with store.write() as transaction:
        transaction.directory.add_organisation(ACME)
        transaction.directory.add_user(user())
        transaction.directory.add_user(user("bob"))


def stored(store: DatabaseStore, record: Device) -> Device:
    with store.write() as transaction:
        transaction.devices.add(record)
    return record


@pytest.mark.parametrize("record", [device(), FULL], ids=["new", "full"])
def test_a_partnership_comes_back_as_it_was(store: DatabaseStore, record: Device) -> None:
    stored(store, record)
    with store.read() as transaction:
        assert transaction.devices.get(record.key) == record


def test_many_are_read_at_once(store: DatabaseStore) -> None:
    ours, theirs = stored(store, FULL), stored(store, device(owner=user("bob")))
    nobodys = replace(ours.key, device_id="OTHER")
    with store.read() as transaction:
        assert transaction.devices.get_all([theirs.key, ours.key]) == {ours.key: ours, theirs.key: theirs}
        assert transaction.devices.get_all([nobodys]) == transaction.devices.get_all([]) == {}


def test_saving_raises_the_revision(store: DatabaseStore) -> None:
    before = stored(store, device())
    with store.write() as transaction:
        after = transaction.devices.save(replace(before, policy_key=5))
    assert after.revision == before.revision + 1
    with store.read() as transaction:
        assert transaction.devices.get(before.key) == after


def test_a_save_of_what_another_changed_is_refused(store: DatabaseStore) -> None:
    before = stored(store, device())
    with store.write() as transaction:
        transaction.devices.save(replace(before, policy_key=5))
    with pytest.raises(LostRace), store.write() as transaction:
        transaction.devices.save(replace(before, policy_key=6))
    with store.read() as transaction:
        found = transaction.devices.get(before.key)
    assert found is not None
    assert found.policy_key == 5


def test_many_are_saved_or_none(store: DatabaseStore) -> None:
    fleet = [stored(store, device(f"PHONE{number}")) for number in range(3)]
    with store.write() as transaction:
        transaction.devices.save_all(replace(one, policy_key=5) for one in fleet)
        transaction.devices.save_all([])
    with pytest.raises(LostRace), store.write() as transaction:
        current = transaction.devices.get(fleet[0].key)
        assert current is not None
        transaction.devices.save_all([replace(current, policy_key=6), replace(fleet[1], policy_key=6)])
    with store.read() as transaction:
        assert {one.policy_key for one in transaction.devices.list()} == {5}


def test_the_list_is_filtered_and_paged(store: DatabaseStore) -> None:
    first, second = stored(store, device("A")), stored(store, device("B", state=DeviceState.WIPE_REQUIRED))
    third = stored(store, device("A", user("bob")))
    with store.read() as transaction:
        listed = transaction.devices.list(ACME.id)
        assert listed == [first, second, third]
        key = listed[0].key
        assert transaction.devices.list(after=(key.organisation, key.user, key.device_id)) == [second, third]
        assert transaction.devices.list(user=user("bob").id) == [third]
        assert transaction.devices.list(state=DeviceState.WIPE_REQUIRED) == [second]
        assert transaction.devices.list(limit=1) == [first]
        assert transaction.devices.count(ACME.id, user().id) == 2


def contact(minutes: int, synced: bool = False) -> Contact:
    key = device().key
    at = NOON + timedelta(minutes=minutes)
    return Contact(
        key.organisation, key.user, key.device_id, at, f"10.0.0.{minutes}", "agent", "14.1", synced
    )


def test_contacts_are_written_in_a_batch_and_never_go_back(store: DatabaseStore) -> None:
    before = stored(store, device())
    with store.write() as transaction:
        transaction.devices.touch([contact(5, synced=True), contact(7), contact(6)])
        transaction.devices.touch([])
    with store.read() as transaction:
        found = transaction.devices.get(before.key)
    expected = replace(
        before,
        last_seen=NOON + timedelta(minutes=7),
        last_ip="10.0.0.7",
        user_agent="agent",
        protocol_version="14.1",
        last_sync=NOON + timedelta(minutes=5),
    )
    assert found == expected


def test_a_tombstone_lives_on_without_its_partnership(store: DatabaseStore) -> None:
    stored(store, FULL)
    with store.write() as transaction:
        transaction.devices.bury(FULL)
    with store.read() as transaction:
        assert transaction.devices.get(FULL.key) is None
        assert transaction.devices.tombstone(FULL.key) == FULL
        assert transaction.devices.with_open_wipe() == [FULL.key]
    with store.write() as transaction:
        saved = transaction.devices.save_tombstone(replace(FULL, proof_failures=4))
    with store.write() as transaction:
        assert transaction.devices.tombstone(FULL.key) == saved
        transaction.devices.remove_tombstone(FULL.key)
        assert transaction.devices.tombstone(FULL.key) is None


def test_open_wipes_are_those_of_both_wipe_states(store: DatabaseStore) -> None:
    stored(store, device("A"))
    stored(store, device("B", state=DeviceState.WIPE_REQUIRED))
    stored(store, device("C", state=DeviceState.WIPE_SUCCEEDED))
    with store.read() as transaction:
        assert [key.device_id for key in transaction.devices.with_open_wipe()] == ["B", "C"]


def test_removing_a_partnership(store: DatabaseStore) -> None:
    stored(store, device())
    with store.write() as transaction:
        transaction.devices.remove(device().key)
        assert transaction.devices.get(device().key) is None


def test_a_fact_of_a_newer_release_is_passed_over(store: DatabaseStore) -> None:
    stored(store, device())
    with store.write() as transaction:
        rows = transaction.devices
        assert isinstance(rows, DeviceRows)
        rows._connection.execute(devices.update().values(information={"model": "X", "battery": "full"}))
    with store.read() as transaction:
        found = transaction.devices.get(device().key)
    assert found is not None
    assert found.information == DeviceInformation(model="X")


NOTED = {
    Notice.CONFLICT: {"conflict": "two of them"},
    Notice.LOOPING: {"diagnosis": "comes back without its key"},
    Notice.SUSPENDED: {"suspended_until": NOON + timedelta(hours=2), "suspended_reason": "floods"},
}


@pytest.mark.parametrize("notice", NOTED, ids=lambda notice: notice.name)
def test_noted_devices_are_found_by_an_index_of_them_alone(store: DatabaseStore, notice: Notice) -> None:
    asked: list[tuple[str, Any]] = []
    with store.write() as transaction:
        for number in range(50):
            transaction.devices.add(device(device_id=f"PLAIN{number:03}"))
        for other, values in NOTED.items():
            transaction.devices.add(device(device_id=other.name, **values))
    with store.read() as transaction:
        connection = transaction.devices._connection
        event.listen(
            connection, "before_cursor_execute", lambda *call: asked.append((call[2], call[3])), named=False
        )
        found = transaction.devices.noted(ACME.id, notice, NOON + timedelta(hours=1))
        assert [each.key.device_id for each in found] == [notice.name]
        if connection.dialect.name == "sqlite":
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked[0][0]}", asked[0][1]).all()
            assert "ix_devices_noted" in str(plan)


def test_a_suspension_that_is_over_is_not_noted(store: DatabaseStore) -> None:
    stored(store, device(suspended_until=NOON))
    with store.read() as transaction:
        assert not transaction.devices.noted(ACME.id, Notice.SUSPENDED, NOON + timedelta(seconds=1))

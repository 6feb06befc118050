"""Events: what is told of a record, and reading them after a place."""

import json
from dataclasses import replace

import pytest

from gateway.records import Actor, AuditRecord, AuditTag
from gateway.services.events import MASK, SCANNED, Events, Wanted, document, event_of
from gateway.store import DatabaseStore
from tests.support.stores import ACME, GLOBEX, NOON
from tests.support.world import World

RECORD = AuditRecord(
    AuditTag.WIPE_CONFIRMED,
    NOON,
    Actor("device", "u-1/PHONE1", "192.0.2.7", "iOS", "r-1"),
    ACME.id,
    "u-1/PHONE1",
    {"state": "Wipe Required", "policy_key": "set"},
    {"state": "Wipe Succeeded", "policy_key": 12345, "nested": [{"password_hash": "canary"}]},
    sequence=7,
)


def write(store: DatabaseStore, *records: AuditRecord) -> None:
    with store.write() as transaction:
        transaction.audit.append_all(records)


def test_a_record_becomes_a_document() -> None:
    assert document(event_of(RECORD)) == {
        "id": "e-7",
        "sequence": 7,
        "type": "device:wipe:confirmed",
        "title": "A device has acknowledged its wipe.",
        "timestamp": "2026-03-01T12:30:15.123456Z",
        "organisation": ACME.id,
        "target": "u-1/PHONE1",
        "device": {"user": "u-1", "device_id": "PHONE1"},
        "actor": {"kind": "device", "name": "u-1/PHONE1"},
        "reason": "",
        "outcome": "done",
        "before": {"state": "Wipe Required", "policy_key": "set"},
        "after": {"state": "Wipe Succeeded", "policy_key": MASK, "nested": [{"password_hash": MASK}]},
    }


def test_no_address_and_no_agent_of_an_administrator_leaves_the_house() -> None:
    shown = repr(document(event_of(RECORD)))
    assert "192.0.2.7" not in shown
    assert "iOS" not in shown


def test_what_is_about_no_device_says_so() -> None:
    for target in (ACME.id, "acme.example", "u-1", "default", "a/b"):
        assert event_of(replace(RECORD, target=target)).device is None


def test_settings_whose_name_speaks_of_a_password_are_told() -> None:
    told = event_of(
        replace(RECORD, after={"document": {"DevicePasswordEnabled": True, "MinDevicePasswordLength": 8}})
    )
    assert told.after == {"document": {"DevicePasswordEnabled": True, "MinDevicePasswordLength": 8}}


def test_they_are_read_in_order_after_a_place(store: DatabaseStore) -> None:
    events = Events(store)
    write(store, *(replace(RECORD, target=f"u-1/P{number}") for number in range(5)))
    first = events.after(0, Wanted(), 2)
    assert [each.sequence for each in first.events] == [1, 2]
    assert (first.reached, first.more) == (2, True)
    rest = events.after(first.reached, Wanted(), 10)
    assert [each.sequence for each in rest.events] == [3, 4, 5]
    assert (rest.reached, rest.more) == (5, False)
    assert events.present() == 5
    assert events.after(5, Wanted()).events == []


def test_they_are_asked_for_by_type_organisation_and_target(store: DatabaseStore) -> None:
    write(
        store,
        RECORD,
        replace(RECORD, tag=AuditTag.WIPE_FAILED),
        replace(RECORD, organisation=GLOBEX.id),
        replace(RECORD, target="u-1/OTHER"),
    )

    def numbers(wanted: Wanted) -> list[int]:
        return [each.sequence for each in Events(store).after(0, wanted).events]

    assert numbers(Wanted((AuditTag.WIPE_FAILED,))) == [2]
    assert numbers(Wanted(organisation=GLOBEX.id)) == [3]
    assert numbers(Wanted(target="u-1/OTHER")) == [4]
    assert numbers(Wanted((AuditTag.WIPE_CONFIRMED,), ACME.id, "u-1/PHONE1")) == [1]


def test_a_filter_that_fits_nothing_does_not_read_a_whole_trail(store: DatabaseStore) -> None:
    write(store, *[RECORD] * (SCANNED + 10))
    found = Events(store).after(0, Wanted((AuditTag.WIPE_FAILED,)))
    assert (found.events, found.reached, found.more) == ([], SCANNED, True)
    assert not Events(store).after(found.reached, Wanted((AuditTag.WIPE_FAILED,))).more


def test_the_last_ones_are_found_from_the_end(store: DatabaseStore) -> None:
    rare = replace(RECORD, tag=AuditTag.WIPE_FAILED)
    write(store, rare, *[RECORD] * 7, rare, replace(RECORD, organisation=GLOBEX.id))
    events = Events(store)
    assert [each.sequence for each in events.last(Wanted(), 3)] == [10, 9, 8]
    assert [each.sequence for each in events.last(Wanted(organisation=ACME.id), 3)] == [9, 8, 7]
    assert [each.sequence for each in events.last(Wanted((AuditTag.WIPE_FAILED,)), 2)] == [9, 1]
    several = Wanted((AuditTag.WIPE_FAILED, AuditTag.WIPE_CONFIRMED), GLOBEX.id)
    assert [each.sequence for each in events.last(several, 2)] == [10]
    write(store, *[RECORD] * SCANNED)
    both = Wanted((AuditTag.WIPE_FAILED, AuditTag.DEVICE_NAMED))
    assert events.last(both, 50) == [], "not a whole trail is read for a filter that fits little"


def test_a_device_is_named_by_its_users_address(store: DatabaseStore) -> None:
    world = World(store)
    world.organisation()
    ann = world.user()
    assert Events(store).device("ann@acme.example/PHONE1") == f"{ann.id}/PHONE1"
    assert Events(store).device(f"{ann.id}/PHONE1") == f"{ann.id}/PHONE1"
    with pytest.raises(Exception, match="no such user"):
        Events(store).device("nobody@acme.example/PHONE1")


def test_what_a_stranger_names_is_ascii_and_one_line_in_json() -> None:
    hostile = "phone\r\nX-Evil: 1\u202e\u2028\x00<script>\ud800"
    event = event_of(replace(RECORD, after={"alias": hostile}, reason=hostile))
    for text in (json.dumps(document(event)), f"data: {json.dumps(document(event))}"):
        assert text.isascii()
        assert text.isprintable()
    assert json.loads(json.dumps(document(event)))["after"]["alias"] == hostile

"""The list's table follows the devices, whoever writes them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from gateway.records import Contact
from gateway.store import DatabaseStore
from gateway.store.inventory_rows import WIDTH, address_digits, folded, row_of, version_number, version_text
from gateway.store.tables_inventory import inventory
from mdm.device import AccessLevel, Device, DeviceInformation, DeviceState
from tests.support.stores import ACME, NOON, device, user

FULL = DeviceInformation(*("Ä" * 1024 for _ in range(9)))


def settled(store: DatabaseStore, *devices: Device) -> None:
    with store.write() as transaction:
        transaction.directory.add_organisation(ACME)
        transaction.directory.add_user(user())
        for each in devices:
            transaction.devices.add(each)


def kept(store: DatabaseStore) -> list[dict[str, Any]]:
    with store._engine.connect() as connection:
        rows = connection.execute(select(inventory).order_by(inventory.c.device_id)).mappings()
        return [dict(row) for row in rows]


def expected(store: DatabaseStore) -> list[dict[str, Any]]:
    with store.read() as transaction:
        owner = transaction.directory.user(user().id)
        assert owner is not None
        return [row_of(each, owner.address, owner.display_name) for each in transaction.devices.list()]


def test_each_way_of_writing_a_device_writes_its_row(store: DatabaseStore) -> None:
    settled(store, device("A"), device("B", information=FULL), device("C"))
    assert kept(store) == expected(store)
    with store.write() as transaction:
        first, second, third = transaction.devices.list()
        transaction.devices.save(replace(first, alias="Lent", state=DeviceState.WIPE_REQUIRED))
        transaction.devices.save_all(
            [replace(second, access=AccessLevel.BLOCK), replace(third, held_since=NOON)]
        )
    assert kept(store) == expected(store)
    assert [row["alias"] for row in kept(store)] == ["lent", "", ""]


def test_last_contacts_reach_the_row_and_never_go_back(store: DatabaseStore) -> None:
    settled(store, device("A"))
    key = device("A").key
    later = NOON + timedelta(minutes=5)
    contact = Contact(
        *(key.organisation, key.user, key.device_id), later, "192.0.2.7", "Agent/2", "14.1", True
    )
    with store.write() as transaction:
        transaction.devices.touch([contact])
        transaction.devices.touch([replace(contact, at=NOON, ip="192.0.2.8", synced=False)])
        transaction.devices.list_contacts([contact])
        transaction.devices.list_contacts([replace(contact, at=NOON, ip="192.0.2.8", synced=False)])
    assert kept(store) == expected(store)
    assert kept(store)[0]["last_ip"] == "4c0000207"


def test_a_new_address_or_name_of_the_user_reaches_the_rows(store: DatabaseStore) -> None:
    settled(store, device("A"))
    with store.write() as transaction:
        transaction.directory.save_user(replace(user(), address="anna@acme.example", display_name="ANNA"))
    assert (kept(store)[0]["address"], kept(store)[0]["user_name"]) == ("anna@acme.example", "anna")


@pytest.mark.parametrize("way", ["removed", "buried"])
def test_the_row_goes_with_its_device(store: DatabaseStore, way: str) -> None:
    settled(store, device("A"))
    with store.write() as transaction:
        one = transaction.devices.list()[0]
        if way == "removed":
            transaction.devices.remove(one.key)
        else:
            transaction.devices.bury(replace(one, state=DeviceState.WIPE_REQUIRED))
    assert kept(store) == []


@given(st.text(max_size=300))
def test_a_folded_text_is_short_and_stays_as_it_is(text: str) -> None:
    assert len(folded(text)) <= WIDTH
    assert folded(None) == ""


@pytest.mark.parametrize(
    ("text", "number"),
    [("16.1", 161), ("2.5", 25), ("12.0", 120), ("", 0), ("16", 0), ("x.y", 0), ("1.1.1", 0)],
)
def test_a_version_is_a_number(text: str, number: int) -> None:
    assert version_number(text) == number
    assert version_text(number) == (text if number else "")


@given(st.ip_addresses(), st.ip_addresses())
def test_addresses_sort_as_their_digits(one: Any, other: Any) -> None:
    mapped = (getattr(each, "ipv4_mapped", None) for each in (one, other))
    if one.version == other.version and not any(mapped):
        assert (one < other) == (address_digits(str(one)) < address_digits(str(other)))


def test_a_mapped_address_is_the_old_one_and_nonsense_is_none() -> None:
    assert address_digits("::ffff:192.0.2.7") == address_digits("192.0.2.7") == "4c0000207"
    assert address_digits("") == address_digits("localhost") == ""

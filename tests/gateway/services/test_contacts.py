"""Last contacts reach the device at once and the list within a minute of contacts."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from gateway.records import Contact
from gateway.services.contacts import LISTED_EVERY, WAITING
from gateway.services.inventory import Question
from mdm.device import Device
from tests.support.world import World


@pytest.fixture
def phone(world: World) -> Device:
    world.organisation()
    return world.phone(world.user())


def contact(world: World, phone: Device, ip: str, *, synced: bool = False) -> Contact:
    key = phone.key
    at = world.clock.now()
    return Contact(key.organisation, key.user, key.device_id, at, ip, "Agent", "16.1", synced)


def listed(world: World, **fields: str) -> bool:
    return bool(world.inventory.find(Question(fields=fields)).devices)


def seen(world: World, phone: Device) -> tuple[str, datetime | None]:
    device = world.devices.get(phone.key)
    assert device is not None
    return device.last_ip, device.last_sync


def test_the_first_is_listed_at_once_and_further_ones_within_a_minute(world: World, phone: Device) -> None:
    world.devices.touch([contact(world, phone, "192.0.2.1")])
    assert listed(world, last_ip="192.0.2.1")
    world.clock.pass_by(seconds=5)
    synced = contact(world, phone, "192.0.2.2", synced=True)
    world.devices.touch([synced])
    assert seen(world, phone) == ("192.0.2.2", synced.at)
    assert listed(world, last_ip="192.0.2.1")
    world.clock.pass_by(seconds=LISTED_EVERY.total_seconds())
    world.devices.touch([contact(world, phone, "192.0.2.3")])
    assert listed(world, last_ip="192.0.2.3", last_seen=">=1h")
    at = synced.at.isoformat()
    assert listed(world, last_sync=f"{at}..{at}")
    assert not listed(world, last_sync=">" + at)


def test_no_more_wait_than_memory_should_hold(world: World, phone: Device) -> None:
    world.devices.touch([contact(world, phone, "192.0.2.1")])
    many = [
        replace(contact(world, phone, "192.0.2.2"), device_id=f"NOBODY{number}") for number in range(WAITING)
    ]
    world.devices.touch([*many, contact(world, phone, "192.0.2.9")])
    assert listed(world, last_ip="192.0.2.9")


def test_a_clock_that_was_set_back_stops_nothing(world: World, phone: Device) -> None:
    world.clock.pass_by(days=2)
    world.devices.touch([contact(world, phone, "192.0.2.1")])
    world.clock.time -= timedelta(days=1)
    world.devices.touch(
        [replace(contact(world, phone, "192.0.2.2"), at=world.clock.now() + timedelta(days=3))]
    )
    assert listed(world, last_ip="192.0.2.2")

"""An administrator's word for one device, known or yet to come (product 6.1)."""

from datetime import timedelta

import pytest

from gateway.errors import GatewayError, Kind
from gateway.records import AuditTag, ExpectedDevice
from mdm.device import AccessLevel, Device, DeviceKey
from tests.support.stores import NOON
from tests.support.world import ADMIN, World

ALLOW, BLOCK = AccessLevel.ALLOW, AccessLevel.BLOCK
TOMORROW = NOON + timedelta(days=1)


def test_a_word_for_a_device_with_reason_and_end(world: World) -> None:
    world.organisation()
    phone = world.phone(world.user())
    before = world.last_change()
    put = world.overrides.put(ADMIN, phone.key, ALLOW, "spare phone", TOMORROW)
    assert isinstance(put, Device)
    assert (put.access, put.access_reason, put.access_until) == (ALLOW, "spare phone", TOMORROW)
    assert world.last_change() == before + 1
    record = world.trail()[-1]
    assert (record.tag, record.reason) == (AuditTag.ACCESS_CHANGED, "spare phone")
    assert (record.before["access"], record.after["access"]) == (None, "allow")
    taken = world.overrides.put(ADMIN, phone.key, None)
    assert isinstance(taken, Device)
    assert (taken.access, taken.access_reason, taken.access_until) == (None, "", None)


def test_an_end_that_is_past_is_refused(world: World) -> None:
    world.organisation()
    phone = world.phone(world.user())
    with pytest.raises(GatewayError) as caught:
        world.overrides.put(ADMIN, phone.key, ALLOW, until=NOON)
    assert caught.value.faults.keys() == {"until"}


def test_a_device_can_be_named_before_it_comes(world: World) -> None:
    organisation = world.organisation()
    ann = world.user()
    key = DeviceKey(organisation.id, ann.id, "PHONE1")
    put = world.overrides.put(ADMIN, key, ALLOW, "bought", TOMORROW)
    assert put == ExpectedDevice(key, ALLOW, "bought", TOMORROW, NOON, "root")
    assert world.overrides.expected("acme") == [put]
    phone = world.phone(ann)
    assert (phone.access, phone.access_reason, phone.access_until) == (ALLOW, "bought", TOMORROW)
    assert world.overrides.expected("acme") == []
    assert world.devices.get(key) == phone
    tags = [record.tag for record in world.trail()]
    assert tags[-2:] == [AuditTag.DEVICE_EXPECTED, AuditTag.DEVICE_SEEN]


def test_what_is_expected_can_be_taken_back(world: World) -> None:
    organisation = world.organisation()
    ann = world.user()
    key = DeviceKey(organisation.id, ann.id, "PHONE1")
    world.overrides.put(ADMIN, key, BLOCK)
    assert world.overrides.put(ADMIN, key, None) is None
    with pytest.raises(GatewayError) as caught:
        world.overrides.put(ADMIN, key, None)
    assert caught.value.kind is Kind.NOT_FOUND
    assert world.phone(ann).access is None


def test_nobodys_device_cannot_be_named(world: World) -> None:
    organisation = world.organisation()
    other = world.organisation("globex")
    eve = world.user("eve@globex.example")
    for key in (DeviceKey(organisation.id, eve.id, "X"), DeviceKey(other.id, "u-nobody", "X")):
        with pytest.raises(GatewayError) as caught:
            world.overrides.put(ADMIN, key, ALLOW)
        assert caught.value.kind is Kind.NOT_FOUND

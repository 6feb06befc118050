"""A wipe for a device whose password no longer works (product 5.4; T7, T31)."""

import pytest

from gateway.records import AuditTag, Contact, User
from gateway.services.wipe_lane import MAXIMUM_FAILURES, MAXIMUM_STRANGERS
from mdm.device import Device, DeviceKey, WipeKind
from tests.support.world import ADMIN, World

HOME = "192.0.2.7"
"""Whence the phone was served."""


@pytest.fixture
def ann(world: World) -> User:
    world.organisation()
    return world.user()


@pytest.fixture
def wiping(world: World, ann: User) -> Device:
    phone = world.provisioned_phone(ann)
    return world.devices.require_wipe(ADMIN, phone.key, WipeKind.DEVICE)


def test_the_last_key_opens_the_lane(world: World, wiping: Device) -> None:
    assert world.lane.prove(wiping.key, wiping.proof_key) == wiping


@pytest.mark.parametrize("wrong", [None, 0, 1, 2**31 - 1, 2**32 - 1])
def test_any_other_key_is_counted_and_gets_nothing(world: World, wiping: Device, wrong: int | None) -> None:
    assert world.lane.prove(wiping.key, wrong, ip="203.0.113.9") is None
    counted = world.devices.get(wiping.key)
    assert counted is not None
    assert (counted.proof_failures, counted.proof_window) == (1, world.clock.now())
    record = world.trail()[-1]
    assert (record.tag, record.actor.address) == (AuditTag.WIPE_UNPROVEN, "203.0.113.9")


def test_twenty_wrong_keys_an_hour_close_the_lane(world: World, wiping: Device) -> None:
    for _ in range(MAXIMUM_FAILURES - 1):
        assert world.lane.prove(wiping.key, 1, ip=HOME) is None
    assert world.lane.prove(wiping.key, wiping.proof_key, ip=HOME) is not None
    assert world.lane.prove(wiping.key, 1, ip=HOME) is None
    before = world.devices.get(wiping.key)
    assert world.lane.prove(wiping.key, wiping.proof_key, ip=HOME) is None
    assert world.lane.prove(wiping.key, 1, ip=HOME) is None
    assert world.devices.get(wiping.key) == before
    world.clock.pass_by(minutes=59, seconds=59)
    assert world.lane.prove(wiping.key, wiping.proof_key, ip=HOME) is None
    world.clock.pass_by(seconds=1)
    assert world.lane.prove(wiping.key, wiping.proof_key, ip=HOME) is not None


def test_a_new_hour_counts_anew(world: World, wiping: Device) -> None:
    world.lane.prove(wiping.key, 1)
    world.clock.pass_by(hours=1)
    world.lane.prove(wiping.key, 1)
    found = world.devices.get(wiping.key)
    assert found is not None
    assert (found.proof_failures, found.proof_window) == (1, world.clock.now())


def test_without_an_open_wipe_the_key_is_worth_nothing_and_nothing_is_written(
    world: World, ann: User
) -> None:
    phone = world.provisioned_phone(ann)
    before = world.trail()
    assert world.lane.prove(phone.key, phone.policy_key) is None
    assert world.lane.prove(phone.key, 1) is None
    assert world.lane.prove(DeviceKey(ann.organisation, ann.id, "NOBODY"), 1) is None
    assert world.trail() == before


def test_a_device_that_never_had_a_key_cannot_prove_one(world: World, ann: User) -> None:
    phone = world.phone(ann)
    world.devices.require_wipe(ADMIN, phone.key, WipeKind.DEVICE)
    assert world.lane.prove(phone.key, 0) is None
    assert world.lane.prove(phone.key, None) is None


def test_the_lane_of_a_tombstone_counts_too(world: World, wiping: Device) -> None:
    world.devices.remove(ADMIN, wiping.key, force=True)
    assert world.lane.prove(wiping.key, 1) is None
    found = world.devices.get(wiping.key)
    assert found is not None
    assert found.proof_failures == 1
    assert world.lane.prove(wiping.key, wiping.proof_key) == found


def test_nobody_elsewhere_can_hold_the_lane_shut_for_a_phone_that_is_where_it_was(
    world: World, wiping: Device
) -> None:
    """Twenty are the law (product 5.4); the last five are for the range that the device was served in."""
    world.devices.touch([contact(wiping.key, HOME, world)])
    for number in range(100):
        assert world.lane.prove(wiping.key, 1, ip=f"198.51.{number}.1") is None
    assert failures(world, wiping) == MAXIMUM_STRANGERS
    assert world.lane.prove(wiping.key, wiping.proof_key, ip="203.0.113.9") is None
    assert world.lane.prove(wiping.key, wiping.proof_key, ip="192.0.2.200") is not None
    for _ in range(100):
        assert world.lane.prove(wiping.key, 1, ip=HOME) is None
    assert failures(world, wiping) == MAXIMUM_FAILURES
    assert world.lane.prove(wiping.key, wiping.proof_key, ip=HOME) is None
    world.clock.pass_by(hours=1)
    assert world.lane.prove(wiping.key, wiping.proof_key, ip="203.0.113.9") is not None


def failures(world: World, device: Device) -> int:
    found = world.devices.get(device.key)
    assert found is not None
    return found.proof_failures


def contact(key: DeviceKey, ip: str, world: World) -> Contact:
    return Contact(key.organisation, key.user, key.device_id, world.clock.now(), ip, "UA", "16.1")

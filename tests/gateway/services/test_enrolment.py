"""First sight of a device and the limit of devices per user (product 5.7)."""

import pytest

from gateway.records import AuditTag, User
from gateway.services.enrolment import TooManyDevices
from gateway.services.login import Principal
from gateway.services.tenants import Settings
from mdm.device import Device, DeviceState
from tests.support.world import ADMIN, World, asked


@pytest.fixture
def ann(world: World) -> User:
    world.organisation(settings=Settings(device_limit=2))
    return world.user()


def admit(world: World, owner: User, device_id: str) -> Device | TooManyDevices:
    return world.devices.admit(
        Principal(owner.organisation, owner.id), asked(device_id), ip="192.0.2.7", user_agent="UA"
    )


def test_a_new_device_is_recorded_as_it_came(world: World, ann: User) -> None:
    device = admit(world, ann, "NEW")
    assert isinstance(device, Device)
    assert (device.state, device.last_ip, device.user_agent) == (
        DeviceState.PROVISIONING_REQUIRED,
        "192.0.2.7",
        "UA",
    )
    assert device.first_seen == device.last_seen == world.clock.now()
    record = world.trail()[-1]
    assert (record.tag, record.target, record.actor.address) == (
        AuditTag.DEVICE_SEEN,
        f"{ann.id}/NEW",
        "192.0.2.7",
    )


def test_up_to_the_limit_and_not_above_it(world: World, ann: User) -> None:
    assert isinstance(admit(world, ann, "A"), Device)
    assert isinstance(admit(world, ann, "B"), Device)
    assert admit(world, ann, "C") == TooManyDevices(("A", "B"))
    assert isinstance(admit(world, ann, "A"), Device)


def test_another_user_has_a_limit_of_their_own(world: World, ann: User) -> None:
    bob = world.user("bob@acme.example")
    for device_id in ("A", "B"):
        admit(world, ann, device_id)
        assert isinstance(admit(world, bob, device_id), Device)


def test_a_removed_device_makes_room(world: World, ann: User) -> None:
    first = admit(world, ann, "A")
    admit(world, ann, "B")
    assert isinstance(first, Device)
    world.devices.remove(ADMIN, first.key)
    assert isinstance(admit(world, ann, "C"), Device)


def test_a_refused_device_is_in_the_trail_once_an_hour(world: World, ann: User) -> None:
    for device_id in ("A", "B", "C", "C", "D"):
        admit(world, ann, device_id)
    world.clock.pass_by(minutes=59)
    admit(world, ann, "C")
    assert len([record for record in world.trail() if record.tag is AuditTag.DEVICE_REFUSED]) == 2
    world.clock.pass_by(minutes=1)
    admit(world, ann, "C")
    refusals = [record for record in world.trail() if record.tag is AuditTag.DEVICE_REFUSED]
    assert len(refusals) == 3
    assert [each["device_id"] for each in refusals[0].after["devices"]] == ["A", "B"]

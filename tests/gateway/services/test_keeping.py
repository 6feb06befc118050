"""The ledger of wipes follows the devices, in the same transaction."""

import pytest

from gateway.records import AuditTag
from gateway.store import DatabaseStore
from mdm.device import Device, DeviceState, WipeKind
from mdm.orders import Progress, WipeOrder
from tests.support.world import ADMIN, World


@pytest.fixture
def world(store: DatabaseStore) -> World:
    return World(store)


@pytest.fixture
def phone(world: World) -> Device:
    world.organisation()
    return world.provisioned_phone(world.user())


def orders(world: World) -> list[WipeOrder]:
    with world.store.read() as transaction:
        return list(transaction.wipe_orders.list())


def test_a_wipe_from_order_to_acknowledgement(world: World, phone: Device) -> None:
    world.devices.require_wipe(ADMIN, phone.key, WipeKind.DEVICE, "lost")
    (order,) = orders(world)
    assert (order.progress, order.requested_by, order.reason) == (Progress.QUEUED, "root", "lost")
    world.obey(phone.key, status=2)
    (order,) = orders(world)
    assert (order.progress, order.failures, order.failed_status) == (Progress.FAILED, 1, 2)
    assert order.delivered_at == world.clock.now()
    world.obey(phone.key)
    (order,) = orders(world)
    assert (order.progress, order.acknowledged_at) == (Progress.ACKNOWLEDGED, world.clock.now())


def test_an_acknowledgement_without_password(world: World, phone: Device) -> None:
    world.devices.require_wipe(ADMIN, phone.key, WipeKind.DEVICE)
    world.obey(phone.key, unverified=True)
    assert [order.progress for order in orders(world)] == [Progress.UNVERIFIED]


def test_a_device_that_comes_back_is_wiped_again_and_the_order_stays_as_it_ended(
    world: World, phone: Device
) -> None:
    world.devices.require_wipe(ADMIN, phone.key, WipeKind.DEVICE)
    world.obey(phone.key)
    ended = orders(world)
    world.clock.pass_by(days=3)
    again = world.obey(phone.key).device
    assert (again.state, orders(world)) == (DeviceState.WIPE_SUCCEEDED, ended)
    world.devices.require_wipe(ADMIN, phone.key, WipeKind.DEVICE)
    assert [order.progress for order in orders(world)] == [Progress.QUEUED, Progress.ACKNOWLEDGED]


def test_a_cancelled_wipe_leaves_its_record(world: World, phone: Device) -> None:
    world.devices.require_wipe(ADMIN, phone.key, WipeKind.DEVICE, "lost")
    world.devices.cancel_wipe(ADMIN, phone.key, "found")
    (order,) = orders(world)
    assert (order.progress, order.ended_by, order.ended_why) == (Progress.CANCELLED, "root", "found")
    assert order.reason == "lost"


def test_a_tombstone_carries_its_order_on(world: World, phone: Device) -> None:
    world.devices.require_wipe(ADMIN, phone.key, WipeKind.DEVICE)
    world.devices.remove(ADMIN, phone.key, force=True)
    assert [order.progress for order in orders(world)] == [Progress.QUEUED]
    world.obey(phone.key)
    assert [order.progress for order in orders(world)] == [Progress.ACKNOWLEDGED]
    assert world.devices.get(phone.key) is None


def test_a_tombstone_that_is_removed_ends_its_order(world: World, phone: Device) -> None:
    world.devices.require_wipe(ADMIN, phone.key, WipeKind.DEVICE)
    for _ in range(2):
        world.devices.remove(ADMIN, phone.key, force=True)
    (order,) = orders(world)
    assert (order.progress, order.ended_why) == (Progress.CANCELLED, "the device was removed")
    assert [record.tag for record in world.trail()].count(AuditTag.DEVICE_REMOVED) == 2

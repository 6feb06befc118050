"""Twenty requests at once against budgets and approvals, on every database (T9)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any

import pytest

from gateway.chance import Secrets
from gateway.errors import GatewayError
from gateway.records import Actor, AuditTag
from gateway.services.wipe_guards import Wanted
from gateway.store import DatabaseStore
from mdm.device import Device, WipeKind
from mdm.orders import Progress
from tests.support.stores import NOON
from tests.support.wipes import ROOT, SECOND, WipeWorld

AT_ONCE = 20


@pytest.fixture
def world(store: DatabaseStore) -> WipeWorld:
    world = WipeWorld(store, keys=Secrets())  # type: ignore[arg-type]
    world.organisation()
    return world


def phones(world: WipeWorld, count: int) -> list[Device]:
    ann = world.user()
    made = [Device(world.phone(ann).key, "iPhone", "16.1", NOON, NOON)]
    with world.store.write() as transaction:
        for number in range(1, count):
            key = replace(made[0].key, device_id=f"P{number:03}")
            made.append(replace(made[0], key=key))
            transaction.devices.add(made[-1])
    return made


def at_once(calls: list[Callable[[], Any]]) -> list[Any]:
    """The outcomes of calls that begin together; a refusal is its error."""
    gate = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        gate.wait(30)
        try:
            return call()
        except GatewayError as error:
            return error

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def ordered(outcomes: list[Any]) -> list[Any]:
    return [each for each in outcomes if not isinstance(each, GatewayError)]


def test_the_hour_of_one_administrator(world: WipeWorld) -> None:
    world.guard(wipes_per_hour=5, wipes_per_day_percent=100)
    fleet = phones(world, AT_ONCE)

    def asking(phone: Device) -> Callable[[], Any]:
        return lambda: world.wipes.request(ROOT, phone.key, Wanted(WipeKind.ACCOUNT))

    outcomes = at_once([asking(phone) for phone in fleet])
    assert len(ordered(outcomes)) == 5
    assert len(world.orders()) == len(world.devices.open_wipes()) == 5
    assert [record.tag for record in world.trail()].count(AuditTag.WIPES_FROZEN) == 1
    assert "root asked for more than 5" in world.safeguards.get("acme").frozen


def test_the_day_of_a_fleet_however_many_administrators(world: WipeWorld) -> None:
    world.guard(wipes_per_hour=100, wipes_per_day_percent=10)
    fleet = phones(world, 30)

    def asking(number: int) -> Callable[[], Any]:
        actor = Actor("admin", f"root{number}")
        return lambda: world.wipes.request(actor, fleet[number].key, Wanted(WipeKind.ACCOUNT))

    outcomes = at_once([asking(number) for number in range(AT_ONCE)])
    assert len(ordered(outcomes)) == len(world.orders()) == 3
    assert world.safeguards.get("acme").frozen


def test_an_approval_makes_exactly_one_order(world: WipeWorld) -> None:
    (phone,) = phones(world, 1)
    order = world.wipes.request(ROOT, phone.key, Wanted(WipeKind.DEVICE, "lost", phone.key.device_id))
    outcomes = at_once([lambda: world.wipes.approve(SECOND, "acme", order.id)] * AT_ONCE)
    assert len(ordered(outcomes)) == 1
    assert [each.progress for each in world.orders()] == [Progress.QUEUED]
    tags = [record.tag for record in world.trail()]
    assert (tags.count(AuditTag.WIPE_APPROVED), tags.count(AuditTag.WIPE_REQUIRED)) == (1, 1)


def test_the_same_request_twenty_times_is_one_order(world: WipeWorld) -> None:
    (phone,) = phones(world, 1)
    outcomes = at_once([lambda: world.wipes.request(ROOT, phone.key, Wanted(WipeKind.ACCOUNT))] * AT_ONCE)
    assert len({each.id for each in ordered(outcomes)}) == len(world.orders()) == 1
    assert len(ordered(outcomes)) == AT_ONCE
    assert not world.safeguards.get("acme").frozen


def test_a_brake_among_requests_leaves_nothing_open(world: WipeWorld) -> None:
    world.guard(wipes_per_hour=100, wipes_per_day_percent=100)
    fleet = phones(world, AT_ONCE)

    def asking(phone: Device) -> Callable[[], Any]:
        return lambda: world.wipes.request(ROOT, phone.key, Wanted(WipeKind.ACCOUNT))

    calls = [asking(phone) for phone in fleet]
    calls[7] = lambda: world.panic.stop(SECOND, "acme", "intruder")
    at_once(calls)
    assert not world.devices.open_wipes()
    assert all(order.progress is Progress.CANCELLED for order in world.orders())

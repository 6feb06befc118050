"""kill -9 in the middle of orders, approvals and acknowledgements, on every database (T9, T26).

The order and the device's record are one transaction: after any crash they say the same, an approval was used
or was not, and what was not done can be done again.
"""

import multiprocessing
import os
import signal
from typing import Any

import pytest

from gateway.chance import Secrets
from gateway.services import keeping, wipes
from gateway.services.wipe_guards import Wanted
from gateway.store import DatabaseStore, open_store
from mdm.device import Device, DeviceState, WipeKind
from mdm.orders import OBEYED, OPEN, Progress, WipeOrder
from tests.support.stores import store, store_url
from tests.support.wipes import ROOT, SECOND, WipeWorld

__all__ = ["store", "store_url"]
FORK = multiprocessing.get_context("fork")
ACTS = ("request", "approve", "cancel", "acknowledge")
FULL = Wanted(WipeKind.DEVICE, "lost", "PHONE1")


def _world(store: DatabaseStore) -> WipeWorld:
    return WipeWorld(store, keys=Secrets())  # type: ignore[arg-type]


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _deadly(real: Any, when: str) -> Any:
    def call(*arguments: Any, **named: Any) -> Any:
        if when == "before":
            _die()
        outcome = real(*arguments, **named)
        if when == "within":
            _die()
        return outcome

    return call


def _act(world: WipeWorld, act: str, phone: Device) -> None:
    if act == "request":
        world.wipes.request(ROOT, phone.key, FULL)
    elif act == "approve":
        world.wipes.approve(SECOND, "acme", world.orders()[0].id)
    elif act == "cancel":
        world.wipes.cancel(ROOT, "acme", world.orders()[0].id)
    else:
        world.obey(phone.key)


def _doomed(url: str, act: str, phone: Device, when: str) -> None:
    """Do the act and die: before its rows are written, before they are committed, or after."""
    world = _world(open_store(url))
    if when == "after":
        _act(world, act, phone)
        _die()
    wipes.place = _deadly(wipes.place, when)  # type: ignore[attr-defined]
    wipes._told = _deadly(wipes._told, when)
    keeping._follow = _deadly(keeping._follow, when)
    _act(world, act, phone)


def _agrees(order: WipeOrder, device: Device) -> bool:
    """Whether ledger and record tell one story."""
    if order.progress in OPEN:
        return device.state is DeviceState.WIPE_REQUIRED
    if order.progress in OBEYED:
        return device.state is DeviceState.WIPE_SUCCEEDED
    return device.state in (DeviceState.PROVISIONING_SUCCEEDED, DeviceState.PROVISIONING_REQUIRED)


@pytest.mark.parametrize("when", ["before", "within", "after"])
@pytest.mark.parametrize("act", ACTS)
def test_order_and_device_agree_after_a_crash(
    store_url: str, store: DatabaseStore, act: str, when: str
) -> None:
    world = _world(store)
    world.organisation()
    phone = world.provisioned_phone(world.user())
    for earlier in ACTS[: ACTS.index(act)]:
        if earlier != "cancel":
            _act(world, earlier, phone)
    before = [order.progress for order in world.orders()]
    process = FORK.Process(target=_doomed, args=(store_url, act, phone, when))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL, "it did not die where it should"
    after = [order.progress for order in world.orders()]
    device = world.devices.get(phone.key)
    assert device is not None
    assert all(_agrees(order, device) for order in world.orders())
    if when == "after":
        assert after != before
    elif act != "acknowledge":
        assert after == before, "what was not committed did not happen"
        _act(world, act, phone)
        assert [order.progress for order in world.orders()] != before
    else:
        world.obey(phone.key)
        assert world.orders()[0].progress is Progress.ACKNOWLEDGED
    assert len(world.orders()) == 1

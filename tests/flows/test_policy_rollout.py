"""A policy change over a window, against the gateway itself: who waits is served and stays parked; who is
moved hears of it at once (product 3.4, 4.3)."""

import asyncio

from gateway.endpoints.listening import EVERYWHERE_S
from gateway.phone.device import Phone, Provisioning
from gateway.phone.line import Answer
from gateway.phone.reading import awakening
from gateway.rollout_watch import RolloutWatch
from gateway.services.assignments import Target
from mdm.device import DeviceState
from mdm.layers import Reach
from tests.support.backend import RecordingBackend
from tests.support.gateway import Gateway
from tests.support.inhabited import ADMIN

LONGER = {"settings": {"DevicePasswordEnabled": True, "MinDevicePasswordLength": 8}}


async def is_woken(waiting: "asyncio.Future[Answer]") -> bool:
    woken = (await waiting).document
    return woken is not None and awakening(woken).status == 7


async def fetches(phone: Phone, length: str) -> None:
    """It asks, is told, and provisions again."""
    assert (await phone.folder_sync()).status in (142, 144)
    assert (await phone.provision())[0] is Provisioning.ACCEPTED
    assert phone.policy["MinDevicePasswordLength"] == length


async def test_who_waits_is_served_and_who_is_moved_hears_at_once(
    gateway: Gateway, backend: RecordingBackend
) -> None:
    made = gateway.made
    phone = await gateway.enrolled()
    waiting = await gateway.parked(phone, backend)
    async with gateway.hears():
        done = made.policies.set_policy(ADMIN, gateway.organisation.id, LONGER, minutes=600)
    assert done.devices == 1

    # In force, but not for this device yet: it is judged anew, and its wait goes on.
    await asyncio.sleep(EVERYWHERE_S * 4)
    assert not waiting.done()
    assert (await phone.folder_sync()).status == 1

    # Its turn comes.
    made.rollouts.hasten(ADMIN, gateway.organisation.id)
    await RolloutWatch(made.rollouts).round()
    assert await is_woken(waiting)
    assert gateway.device().state is DeviceState.PROVISIONING_REQUIRED
    await fetches(phone, "8")
    assert gateway.device().reprovision_at is None


async def test_a_policy_for_one_device_reaches_that_one_alone(
    gateway: Gateway, backend: RecordingBackend
) -> None:
    made = gateway.made
    hers, other = await gateway.enrolled(), await gateway.enrolled(device_id="PHONE2")
    waiting, calm = await gateway.parked(hers, backend), await gateway.parked(other, backend)
    home = gateway.organisation.id
    made.policies.create(ADMIN, home, "strict", LONGER)
    whom = Target(Reach.DEVICE, hers.identity.address, "PHONE1")
    assert made.assignments.assign(ADMIN, home, whom, "strict").devices == 1
    assert await is_woken(waiting)
    await fetches(hers, "8")
    assert not calm.done()
    assert (await other.folder_sync()).status == 1
    calm.cancel()

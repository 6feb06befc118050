"""The queue of waiting devices in the console (product 6.5)."""

import httpx
import pytest

from gateway.records import Actor
from gateway.services.tenants import Settings
from mdm.access import AccessDecision
from mdm.device import AccessLevel, Device
from tests.support.desk import Desk
from tests.support.world import ADMIN

QUEUE = "/console/o/acme/quarantine"


@pytest.fixture
def waiting(desk: Desk) -> list[Device]:
    """Two devices that nobody has let in yet."""
    desk.services.tenants.change_organisation(ADMIN, "acme", Settings(default_access=AccessLevel.QUARANTINE))
    devices = [desk.phone("ann@acme.example", name) for name in ("PHONE1", "PHONE2")]
    answer = AccessDecision(AccessLevel.QUARANTINE, "the organisation's default")
    for each in devices:
        desk.services.quarantine.notice(each.key, answer, Actor("device", "x"))
    return devices


async def test_nobody_waits(browser: httpx.AsyncClient) -> None:
    assert "No device waits." in (await browser.get(QUEUE)).text


async def test_many_are_let_in_at_once(desk: Desk, browser: httpx.AsyncClient, waiting: list[Device]) -> None:
    chosen = [f"{each.key.user} {each.key.device_id}" for each in waiting]
    page = (await browser.get(QUEUE)).text
    assert all(f'value="{each}"' in page for each in chosen)
    done = await browser.post(f"{QUEUE}/approve", data={"device": chosen, "reason": "known"})
    assert done.headers["location"] == QUEUE
    assert "No device waits." in (await browser.get(QUEUE)).text


async def test_one_is_kept_out_and_the_other_goes_on_waiting(
    desk: Desk, browser: httpx.AsyncClient, waiting: list[Device]
) -> None:
    first, second = waiting
    await browser.post(f"{QUEUE}/reject", data={"device": f"{first.key.user} {first.key.device_id}"})
    page = (await browser.get(QUEUE)).text
    assert first.key.device_id not in page
    assert second.key.device_id in page


async def test_nobody_chosen_is_a_fault(browser: httpx.AsyncClient, waiting: list[Device]) -> None:
    assert (await browser.post(f"{QUEUE}/approve", data={"reason": ""})).status_code == 400


async def test_all_of_one_person_are_let_in(browser: httpx.AsyncClient, waiting: list[Device]) -> None:
    assert (await browser.post(f"{QUEUE}/user", data={"user": "ann@acme.example"})).is_redirect
    assert "No device waits." in (await browser.get(QUEUE)).text
    assert (await browser.post(f"{QUEUE}/model", data={"model": ""})).status_code == 400

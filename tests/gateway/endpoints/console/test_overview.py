"""What needs me now (product 7.2)."""

import httpx

from gateway.services.wipe_guards import Wanted
from mdm.device import WipeKind
from tests.support.desk import Desk
from tests.support.world import ADMIN


async def test_nothing_to_do_is_said(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/console/")
    assert page.text.count("Nothing waits for you here.") == 2


async def test_an_approval_that_waits_stands_on_the_first_page(
    desk: Desk, browser: httpx.AsyncClient
) -> None:
    device = desk.phone("ann@acme.example")
    order = desk.services.wipes.request(
        ADMIN, device.key, Wanted(WipeKind.DEVICE, "stolen", device.key.device_id)
    )
    page = await browser.get("/console/")
    assert f"/console/o/acme/wipes/{order.id}" in page.text


async def test_the_devices_of_all_are_drawn_by_their_state(desk: Desk, browser: httpx.AsyncClient) -> None:
    assert "<svg" not in (await browser.get("/console/")).text
    desk.phone("ann@acme.example")
    desk.phone("ann@globex.example", "PHONE2")
    page = (await browser.get("/console/")).text
    assert '<desc id="states-desc">Provisioning Succeeded: 2</desc>' in page
    assert '<th scope="row">Provisioning Succeeded</th><td class="number">2</td>' in page

"""The wipe dialog, orders and approvals in the console (product 5.3, 5.5; T9)."""

import httpx

from gateway.records.authority import MACHINE, Authority
from gateway.services.wipe_guards import Wanted
from mdm.device import DeviceState, WipeKind
from tests.gateway.endpoints.console.conftest import Sitting
from tests.support.desk import Desk
from tests.support.world import ADMIN


async def test_the_dialog_says_in_words_what_will_happen(browser: httpx.AsyncClient, place: str) -> None:
    page = (await browser.get(f"{place}/wipe")).text
    for told in ("what this account synchronised", "factory state", "second administrator", "Last seen"):
        assert told in page


async def test_an_account_is_wiped_and_the_order_goes_on_telling(
    desk: Desk, browser: httpx.AsyncClient, place: str
) -> None:
    done = await browser.post(f"{place}/wipe", data={"kind": "account", "reason": "lost"})
    order = done.headers["location"]
    assert order.startswith("/console/o/acme/wipes/w-")
    (device,) = desk.services.devices.list(desk.services.tenants.organisation("acme").id)
    assert device.state is DeviceState.WIPE_REQUIRED
    assert 'hx-trigger="every 2s"' in (await browser.get(order)).text
    desk.obeyed(device)
    part = (await browser.get(order, headers={"HX-Request": "true"})).text
    assert "Acknowledged" in part
    assert "<html" not in part


async def test_a_full_wipe_wants_reason_and_name_and_keeps_what_was_typed(
    browser: httpx.AsyncClient, place: str
) -> None:
    refused = await browser.post(
        f"{place}/wipe", data={"kind": "device", "reason": "stolen", "name": "wrong"}
    )
    assert refused.status_code == 400
    assert 'value="stolen"' in refused.text
    assert 'aria-invalid="true"' in refused.text


async def test_without_the_second_factor_nothing_is_ordered(desk: Desk, sitting: Sitting, place: str) -> None:
    async with sitting(Authority("olga", "p", MACHINE)) as client:
        refused = await client.post(f"{place}/wipe", data={"kind": "account", "reason": "lost"})
        assert refused.status_code == 400
        assert 'name="proof"' in refused.text
        assert 'value="lost"' in refused.text
    (device,) = desk.services.devices.list(desk.services.tenants.organisation("acme").id)
    assert device.state is DeviceState.PROVISIONING_SUCCEEDED


async def test_who_asked_cannot_approve_and_another_can_reject(desk: Desk, sitting: Sitting) -> None:
    device = desk.phone("ann@acme.example")
    order = desk.services.wipes.request(
        ADMIN, device.key, Wanted(WipeKind.DEVICE, "stolen", device.key.device_id)
    )
    page = f"/console/o/acme/wipes/{order.id}"
    async with sitting(Authority(ADMIN.name, ADMIN.person, MACHINE, confirmed=True)) as client:
        assert (await client.post(f"{page}/approve", data={})).status_code == 400
    async with sitting(Authority("olga", "p-olga", MACHINE, confirmed=True)) as client:
        assert order.id in (await client.get("/console/o/acme/wipes")).text
        assert (await client.post(f"{page}/reject", data={"reason": "found it"})).status_code == 303
        assert "found it" in (await client.get(page)).text


async def test_an_order_is_taken_back(desk: Desk, browser: httpx.AsyncClient, place: str) -> None:
    order = (await browser.post(f"{place}/wipe", data={"kind": "account"})).headers["location"]
    assert (await browser.post(f"{order}/cancel", data={"reason": "it was in the sofa"})).status_code == 303
    assert "it was in the sofa" in (await browser.get(order)).text

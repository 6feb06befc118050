"""The device's page: all of it, and what can be done there (product 5.1, 7.2; T22)."""

import httpx

from gateway.records.authority import Appointment, Authority, Role
from tests.gateway.endpoints.console.conftest import Sitting
from tests.support.desk import Desk
from tests.support.world import ADMIN


async def test_the_page_tells_what_it_is_how_it_stands_and_what_happened(
    browser: httpx.AsyncClient, place: str
) -> None:
    page = (await browser.get(place)).text
    told_of = "A device accepted its policy."
    for told in ("ann@acme.example", "Provisioning Succeeded", told_of, "built in", "PHONE1"):
        assert told in page


async def test_a_name_is_given_and_a_wrong_one_is_a_fault_at_its_field(
    browser: httpx.AsyncClient, place: str
) -> None:
    done = await browser.post(f"{place}/name", data={"alias": "Ann's phone"})
    assert (done.status_code, done.headers["location"]) == (303, place)
    assert "<h1>Ann&#39;s phone</h1>" in (await browser.get(place)).text
    refused = await browser.post(f"{place}/name", data={"alias": "x" * 100})
    assert refused.status_code == 400
    assert 'aria-invalid="true"' in refused.text


async def test_access_is_set_and_taken_back(desk: Desk, browser: httpx.AsyncClient, place: str) -> None:
    await browser.post(f"{place}/access", data={"level": "block", "reason": "lent away"})
    assert "lent away" in (await browser.get(place)).text
    await browser.post(f"{place}/access", data={"level": ""})
    (device,) = desk.services.devices.list(desk.services.tenants.organisation("acme").id)
    assert device.access is None


async def test_a_device_is_sent_back_to_its_policy_and_removed(
    browser: httpx.AsyncClient, place: str
) -> None:
    await browser.post(f"{place}/provision", data={"reason": ""})
    assert "Provisioning Required" in (await browser.get(place)).text
    assert (await browser.post(f"{place}/remove", data={"reason": ""})).headers[
        "location"
    ] == "/console/o/acme/devices"
    assert (await browser.get(place)).status_code == 404


async def test_who_may_only_look_sees_no_button_and_presses_none(sitting: Sitting, place: str) -> None:
    async with sitting(Authority("v", appointments=(Appointment(Role.VIEWER),))) as client:
        page = (await client.get(place)).text
        assert f"{place}/name" not in page
        assert "Its story is for auditors" in page
        assert (await client.post(f"{place}/name", data={"alias": "mine"})).status_code == 403


async def test_what_an_administrator_wrote_is_text(
    desk: Desk, browser: httpx.AsyncClient, place: str
) -> None:
    (device,) = desk.services.devices.list(desk.services.tenants.organisation("acme").id)
    desk.services.inventory.rename(ADMIN, device.key, "<b onmouseover=alert(1)>")
    page = (await browser.get(place)).text
    assert "<b onmouseover" not in page
    assert "&lt;b onmouseover" in page

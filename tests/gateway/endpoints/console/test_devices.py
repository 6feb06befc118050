"""The device list in the console (product 5.1, 7.2; T22, T25)."""

import httpx

from gateway.records.authority import Appointment, Authority, Role
from tests.gateway.endpoints.console.conftest import Sitting
from tests.support.desk import Desk

LIST = "/console/o/acme/devices"


async def test_an_empty_list_says_what_will_come(browser: httpx.AsyncClient) -> None:
    page = await browser.get(LIST)
    assert page.status_code == 200
    assert "No device has come yet" in page.text


async def test_devices_are_listed_sorted_and_found(desk: Desk, browser: httpx.AsyncClient) -> None:
    for name in ("PHONE1", "PHONE2"):
        desk.phone("ann@acme.example", name)
    page = await browser.get(LIST, params={"sort": "-alias"})
    assert "2 devices" in page.text
    assert 'aria-sort="descending"' in page.text
    found = await browser.get(LIST, params={"search": "PHONE2"}, headers={"HX-Request": "true"})
    assert "PHONE2" in found.text
    assert "PHONE1" not in found.text
    assert "<html" not in found.text


async def test_a_wrong_filter_says_so(browser: httpx.AsyncClient) -> None:
    page = await browser.get(LIST, params={"last_seen": "yesterdayish"})
    assert 'role="alert"' in page.text
    assert "last_seen" in page.text


async def test_another_organisation_is_not_there(desk: Desk, sitting: Sitting) -> None:
    home = desk.services.tenants.organisation("globex")
    desk.phone("ann@acme.example")
    clerk = Authority("clerk", appointments=(Appointment(Role.HELP_DESK, home.id),))
    async with sitting(clerk) as client:
        assert (await client.get(LIST)).status_code == 404
        assert (await client.get("/console/o/globex/devices")).status_code == 200


async def test_nobody_looks_without_the_permission(sitting: Sitting) -> None:
    async with sitting(Authority("nobody")) as client:
        assert (await client.get(LIST)).status_code == 403

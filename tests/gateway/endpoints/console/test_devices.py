"""The device list in the console (product 5.1, 7.2; T22, T25)."""

import httpx

from gateway.endpoints.console.devices import VIEWS
from gateway.endpoints.console.wording import languages
from gateway.records.authority import Appointment, Authority, Role
from gateway.records.inventory import FIELDS
from tests.gateway.endpoints.console.conftest import Sitting
from tests.support.desk import Desk
from tests.support.world import ADMIN

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


async def test_a_wrong_filter_says_so_on_the_page_and_in_a_part_of_it(browser: httpx.AsyncClient) -> None:
    """A part is no error: htmx would show none."""
    for headers, status in (({}, 400), ({"HX-Request": "true"}, 200)):
        page = await browser.get(LIST, params={"last_seen": "yesterdayish"}, headers=headers)
        assert page.status_code == status
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


async def test_every_field_can_be_asked_for_and_shown(desk: Desk, browser: httpx.AsyncClient) -> None:
    desk.phone("ann@acme.example")
    page = (await browser.get(LIST, params={"columns": "all", "user_agent": "iOS"})).text
    for name in FIELDS:
        assert f'name="{name}"' in page
    assert "PHONE1" in page
    assert "192.0.2.7" in page
    assert 'name="columns" value="all"' in page


async def test_the_times_that_are_offered_mean_what_they_say(desk: Desk, browser: httpx.AsyncClient) -> None:
    desk.phone("ann@acme.example")  # its world's clock stands in March 2026
    for asked, there in (("<30d", True), (">=7d", False)):
        page = (await browser.get(LIST, params={"last_seen": asked})).text
        assert ("PHONE1" in page) is there


async def test_a_spreadsheet_has_every_device_and_no_formula(desk: Desk, browser: httpx.AsyncClient) -> None:
    for name in ("PHONE1", "PHONE2"):
        key = desk.phone("ann@acme.example", name).key
        desk.services.inventory.rename(ADMIN, key, "=1+1")
    answer = await browser.get(f"{LIST}.csv", params={"search": "PHONE", "sort": "device_id"})
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="devices-acme.csv"'
    lines = answer.text.splitlines()
    assert [line.split(",")[1:3] for line in lines[1:]] == [["PHONE1", "'=1+1"], ["PHONE2", "'=1+1"]]
    assert (await browser.get(f"{LIST}.csv", params={"last_seen": "yesterdayish"})).status_code == 400


def test_the_second_language_has_every_field_and_view() -> None:
    known = languages()["de"].texts
    wanted = [*(field.meaning for field in FIELDS.values()), *(label for label, _ in VIEWS)]
    assert [each for each in wanted if each not in {*known, "DeviceId", "DeviceType"}] == []

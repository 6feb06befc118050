"""An organisation's devices in figures, readable without colour and without a picture (product 7.2)."""

import re

import httpx

from gateway.endpoints.console.figures import NOTED
from gateway.endpoints.console.wording import languages
from mdm.ashttp import Version
from mdm.device import AccessLevel
from tests.support.desk import Desk
from tests.support.world import ADMIN

PAGE = "/console/o/acme/figures"


async def test_every_bar_has_its_name_and_number_and_a_table(desk: Desk, browser: httpx.AsyncClient) -> None:
    held = desk.phone("ann@acme.example", "PHONE1")
    desk.phone("ann@acme.example", "PHONE2", Version.V14_1)
    desk.phone("ann@globex.example", "PHONE3")
    desk.services.devices.set_access(ADMIN, held.key, AccessLevel.QUARANTINE, "to be looked at")
    page = (await browser.get(PAGE)).text
    assert "2 devices" in page
    rows = dict(re.findall(r'<th scope="row">([^<]+)</th><td class="number">(\d+)</td>', page))
    assert (rows["14.1"], rows["16.1"], rows["Provisioning Succeeded"]) == ("1", "1", "2")
    assert rows["not seen for 30 days"] == "2"
    assert page.count('role="img"') == page.count("<desc ") == 4
    assert page.count("Nothing was counted yet") == 2


async def test_every_day_is_a_row_of_the_table(desk: Desk, browser: httpx.AsyncClient) -> None:
    desk.phone("ann@acme.example", "PHONE1")
    desk.services.history.count_devices()
    page = (await browser.get(PAGE)).text
    assert page.count('class="line l0" d="M') == 2 * 2  # in the drawing, and beside its name
    assert re.search(r'</time></th><td class="number">100</td></tr>', page)
    assert ">Of 100 devices have their policy</th>" in page


async def test_an_empty_organisation_has_no_chart(browser: httpx.AsyncClient) -> None:
    page = (await browser.get(PAGE)).text
    assert "There is none." in page
    assert "<rect" not in page


def test_the_second_language_has_every_reason() -> None:
    assert [each for each in NOTED if each not in languages()["de"].texts] == []

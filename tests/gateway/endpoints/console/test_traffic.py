"""What the gateway did over time, as charts with their numbers (product 7.2; T25)."""

import re

import httpx
import pytest

from gateway.endpoints.console.traffic import CHARTS, SPANS
from gateway.endpoints.console.wording import languages
from gateway.records.authority import Appointment, Authority, Role
from tests.gateway.endpoints.console.conftest import Sitting
from tests.support.desk import Desk

PAGE = "/console/traffic"
COUNTED = {"parked": 3, "activesync": 10, "activesync_errors": 1, "autodiscover": 2, "autodiscover_errors": 0}


async def test_every_number_stands_in_a_table(desk: Desk, browser: httpx.AsyncClient) -> None:
    for _ in range(2):
        desk.services.history.keep("one", COUNTED)
    page = (await browser.get(PAGE)).text
    assert page.count('role="img"') == len(CHARTS)
    rows = re.findall(r'</time></th>((?:<td class="number">\d+</td>)+)</tr>', page)
    assert [re.findall(r"\d+", row) for row in rows] == [["3"], ["20", "2"], ["4", "0"]]


async def test_before_the_first_numbers_it_says_so(browser: httpx.AsyncClient) -> None:
    page = (await browser.get(PAGE)).text
    assert page.count("Nothing was counted yet") == len(CHARTS)


@pytest.mark.parametrize(("hours", "status"), [("168", 200), ("0", 400), ("x", 400)])
async def test_another_time_is_a_link_away(browser: httpx.AsyncClient, hours: str, status: int) -> None:
    page = await browser.get(PAGE, params={"hours": hours})
    assert page.status_code == status
    assert (f'?hours={hours}" aria-current="page"' in page.text) is (status == 200)


async def test_who_has_one_organisation_does_not_see_the_gateway(desk: Desk, sitting: Sitting) -> None:
    home = desk.services.tenants.organisation("acme")
    owner = Authority("owner", appointments=(Appointment(Role.OWNER, home.id),))
    async with sitting(owner) as client:
        assert (await client.get(PAGE)).status_code == 403
        assert PAGE not in (await client.get("/console/o/acme/figures")).text


def test_the_second_language_has_every_title() -> None:
    shown = [label for each in CHARTS.values() for label in each]
    wanted = {*CHARTS, *shown, *(label for _, label in SPANS)}
    assert wanted - {"ActiveSync", "AutoDiscover"} <= set(languages()["de"].texts)

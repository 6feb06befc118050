"""Where the pages are, and who is shown the way (product 7.2)."""

import httpx

from gateway.records.authority import Appointment, Authority, Role
from tests.gateway.endpoints.console.conftest import Sitting


async def test_everybody_sees_what_they_may_open(sitting: Sitting) -> None:
    async with sitting(Authority("v", appointments=(Appointment(Role.VIEWER),))) as client:
        page = (await client.get("/console/o/acme/devices")).text
    assert 'href="/console/o/acme/policies"' in page
    assert 'href="/console/audit"' not in page


async def test_the_page_at_hand_is_marked(browser: httpx.AsyncClient) -> None:
    page = (await browser.get("/console/o/acme/devices")).text
    assert 'href="/console/o/acme/devices" aria-current="page"' in page

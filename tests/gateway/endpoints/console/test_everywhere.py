"""Devices of every organisation within reach (product 5.1, 7.2)."""

import httpx
import pytest

from gateway.records.authority import Appointment, Authority, Role
from tests.gateway.endpoints.console.conftest import Sitting
from tests.support.desk import Desk

DEVICES = "/console/devices"


@pytest.fixture(autouse=True)
def phones(desk: Desk) -> None:
    for alias in ("acme", "globex"):
        desk.phone(f"ann@{alias}.example", f"{alias}1".upper())


async def test_a_phone_is_found_without_knowing_whose_it_is(browser: httpx.AsyncClient) -> None:
    assert 'action="/console/devices"' in (await browser.get("/console/")).text
    found = (await browser.get(DEVICES, params={"search": "globex1"})).text
    assert ("GLOBEX1" in found, "ACME1" in found, "Globex" in found) == (True, False, True)
    part = await browser.get(DEVICES, headers={"HX-Request": "true"})
    assert "<html" not in part.text
    assert "2 devices" in part.text


async def test_nobody_sees_beyond_the_own_organisation(desk: Desk, sitting: Sitting) -> None:
    home = desk.services.tenants.organisation("acme").id
    async with sitting(Authority("vera", "p-vera", (Appointment(Role.VIEWER, home),))) as browser:
        seen = (await browser.get(DEVICES)).text
    assert ("ACME1" in seen, "GLOBEX1" in seen) == (True, False)


async def test_a_wrong_question_says_so(browser: httpx.AsyncClient) -> None:
    refused = await browser.get(DEVICES, params={"state": "Lost"})
    assert refused.status_code == 400
    assert 'role="alert"' in refused.text

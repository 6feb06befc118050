"""The console as a whole: what it answers to what is not there (product 7.2, 10)."""

import httpx
import pytest

from gateway.records import AuditTag
from gateway.records.authority import Appointment, Authority, Role
from tests.gateway.endpoints.console.conftest import Sitting
from tests.support.desk import Desk


@pytest.mark.parametrize(
    "path", ["/console/nothing", "/console/o/nobody/devices", "/console/o/acme/wipes/w-0"]
)
async def test_what_is_not_there_is_a_page_too(browser: httpx.AsyncClient, path: str) -> None:
    answer = await browser.get(path)
    assert answer.status_code == 404
    assert "There is no such thing here" in answer.text
    assert 'href="/console/"' in answer.text


async def test_pages_speak_the_readers_language(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/console/", headers={"Accept-Language": "de"})
    assert '<html lang="de"' in answer.text
    assert "Zum Inhalt springen" in answer.text


async def test_what_was_asked_for_in_vain_stands_in_the_trail(sitting: Sitting, desk: Desk) -> None:
    viewer = Authority("vera", "p-vera", (Appointment(Role.VIEWER),), confirmed=True)
    async with sitting(viewer) as browser:
        assert (await browser.get("/console/audit")).status_code == 403
    (record,) = desk.services.audit.query(tag=AuditTag.ACT_REFUSED)
    assert (record.actor.name, record.after["permission"]) == ("vera", "audit:read")
    assert record.target == "GET /console/audit"

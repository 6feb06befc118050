"""Mail servers and certificates in the console (product 3.6, 9.1)."""

import httpx

from gateway.records.authority import Appointment, Authority, Role
from tests.gateway.endpoints.console.conftest import Sitting
from tests.support.desk import Desk


async def test_a_mail_server_is_asked_and_the_answer_is_shown(browser: httpx.AsyncClient) -> None:
    assert "in the clear" in (await browser.get("/console/backends")).text
    told = await browser.post("/console/backends/default/test", data={"csrf": ""})
    assert "It does not answer." in told.text
    assert (await browser.post("/console/backends/nowhere/test", data={"csrf": ""})).status_code == 404


async def test_a_front_proxy_may_have_the_certificates(browser: httpx.AsyncClient) -> None:
    assert "A front proxy has the certificates." in (await browser.get("/console/certificates")).text


async def test_what_concerns_the_whole_gateway_is_not_for_one_organisations_people(
    desk: Desk, sitting: Sitting
) -> None:
    home = desk.services.tenants.organisation("acme").id
    async with sitting(Authority("o", appointments=(Appointment(Role.OWNER, home),))) as client:
        assert (await client.get("/console/backends")).status_code == 403
        assert 'href="/console/backends"' not in (await client.get("/console/o/acme/devices")).text

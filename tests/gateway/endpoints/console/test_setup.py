"""The assistant of the first run, in process: each step looks at what is there (product 7.2)."""

from collections.abc import AsyncIterator

import httpx
import pytest

from gateway.records.authority import MACHINE, Appointment, Authority, Role
from tests.gateway.endpoints.console.conftest import Sitting
from tests.support.accounts import appoint
from tests.support.desk import Desk, furnish
from tests.support.desk import browser as whole

OWNER = Authority("olga", "p-olga", MACHINE, confirmed=True)


@pytest.fixture
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A gateway on which nobody has done anything yet."""
    return furnish(tmp_path_factory.mktemp("first"))


@pytest.fixture
async def browser(sitting: Sitting) -> AsyncIterator[httpx.AsyncClient]:
    async with sitting(OWNER) as client:
        yield client


async def test_from_nothing_to_a_phone(browser: httpx.AsyncClient, desk: Desk) -> None:
    assert "/console/setup" in (await browser.get("/console/")).text
    assert "Whose phones are these?" in (await browser.get("/console/setup?step=domain")).text
    made = await browser.post("/console/setup/organisation", data={"alias": "acme", "name": "Acme"})
    assert made.headers["location"] == "/console/setup?step=domain&for=acme"
    added = await browser.post("/console/setup/o/acme/domain", data={"name": "acme.example"})
    shown = await browser.get(added.headers["location"])
    assert "autodiscover.acme.example" in shown.text
    assert "Does the mail server answer?" in (await browser.get("/console/setup")).text
    told = await browser.post("/console/setup/backends/default", data={"for": "acme"})
    assert "It does not answer." in (await browser.get(told.headers["location"])).text
    appoint(desk, "olga")
    assert "second administrator" in (await browser.get("/console/setup?step=administrators")).text
    assert "front proxy" in (await browser.get("/console/setup?step=certificate")).text
    last = (await browser.get("/console/setup?step=phone", headers={"Host": "evil.example"})).text
    assert "https://localhost/email.mobileconfig" in last
    assert "<svg" in last
    assert "evil.example" not in last


async def test_what_is_wrong_stands_at_its_field(browser: httpx.AsyncClient) -> None:
    refused = await browser.post("/console/setup/organisation", data={"alias": "NOT AN ALIAS"})
    assert refused.status_code == 400
    assert "fault" in refused.text
    await browser.post("/console/setup/organisation", data={"alias": "acme"})
    refused = await browser.post("/console/setup/o/acme/domain", data={"name": "no domain"})
    assert refused.status_code == 400
    assert "fault" in refused.text


async def test_it_is_for_who_may_make_organisations(sitting: Sitting) -> None:
    viewer = Authority("vera", "p-vera", (Appointment(Role.VIEWER),), confirmed=True)
    async with sitting(viewer) as client:
        answer = await client.get("/console/setup")
    assert answer.status_code == 403


async def test_the_sign_in_page_says_how_the_first_owner_is_made(desk: Desk) -> None:
    async with whole(desk.config, token=None) as client:
        assert "usher admin create" in (await client.get("/console/sign-in")).text
        appoint(desk, "olga")
        assert "usher admin create" not in (await client.get("/console/sign-in")).text

"""A domain's records over REST (product 2.5, 7.3)."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from autodiscover.verdicts import Verdict
from gateway import app
from gateway.config import load
from gateway.probes.examining import Examination
from tests.support.desk import Desk, browser
from tests.support.dns_server import dnsmasq
from tests.support.world import ADMIN

ACME = "/api/v1/organisations/acme/domains/acme.example"


@pytest.fixture
async def asking(desk: Desk, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a gateway whose resolver knows the ownership record and nothing else."""
    (domain,) = desk.services.tenants.domains("acme")
    options = (f"txt-record=_usher.acme.example,usher-verification={domain.proof}", "local=/example/")
    with dnsmasq(*options) as server:
        environ = {"USHER_DNS_RESOLVERS": f"{server.host}:{server.port}", "USHER_DNS_TIMEOUT_S": "10"}
        async with browser(load(desk.path, environ)) as client:
            yield client


async def test_what_to_publish(client: httpx.AsyncClient, desk: Desk) -> None:
    (domain,) = desk.services.tenants.domains("acme")
    answer = await client.get(f"{ACME}/records")
    assert answer.status_code == 200
    shown = answer.json()
    assert (shown["domain"], shown["check"]) == ("acme.example", None)
    assert shown["records"][0] == {
        "purpose": "ownership",
        "need": "required",
        "name": "_usher.acme.example",
        "type": "TXT",
        "ttl": 3600,
        "values": [f"usher-verification={domain.proof}"],
        "note": "",
    }
    assert f'_usher.acme.example. 3600 IN TXT "usher-verification={domain.proof}"\n' in shown["zone"]


async def test_a_check_is_performed_and_kept(asking: httpx.AsyncClient) -> None:
    answer = await asking.post(f"{ACME}/verify")
    assert answer.status_code == 200
    check = answer.json()
    assert (check["domain"], check["verified"]) == ("acme.example", False)
    found = {each["purpose"]: each for each in check["records"]}
    assert found["ownership"]["status"] == "Verified"
    alias = found["autodiscover"]
    assert (alias["status"], alias["check_mark"]) == ("Missing", False)
    assert alias["mend"] == "Publish: autodiscover.acme.example. 3600 IN CNAME localhost."
    assert [(phase["number"], phase["passed"]) for phase in alias["phases"]] == [(2, False), (3, False)]
    assert (await asking.get(f"{ACME}/records")).json()["check"] == check


async def test_an_organisation_has_one_look_at_once_however_it_is_named(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(*_: object) -> tuple[Verdict, ...]:
        begun.set()
        await go_on.wait()
        return ()

    monkeypatch.setattr(Examination, "__call__", slow)
    home = desk.services.finder.organisation("acme").id
    desk.services.tenants.add_domain(ADMIN, "acme", "acme.test")
    async with browser(desk.config) as asking, asyncio.TaskGroup() as group:
        first = group.create_task(asking.post(f"{ACME}/verify"))
        await begun.wait()
        for path in (ACME, f"/api/v1/organisations/{home}/domains/acme.test"):
            assert (await asking.post(f"{path}/verify")).status_code == 429
        other = group.create_task(asking.post("/api/v1/organisations/globex/domains/globex.example/verify"))
        go_on.set()
        assert ((await first).status_code, (await other).status_code) == (200, 200)
        assert (await asking.post(f"{ACME}/verify")).status_code == 200


async def test_a_domain_of_another_organisation_is_not_there(client: httpx.AsyncClient) -> None:
    other = "/api/v1/organisations/acme/domains/globex.example"
    assert (await client.get(f"{other}/records")).status_code == 404
    assert (await client.post(f"{other}/verify")).status_code == 404


async def test_the_services_of_a_process_have_both(desk: Desk) -> None:
    made = app.services(desk.config)
    assert made.domain_records.plan("acme.example").domain == "acme.example"
    made.store.close()

"""Signing in by a real OpenID provider, through the console's door (product 7.7; T24)."""

import asyncio
import re
import socket
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path

import httpx
import pytest

from gateway import app
from gateway.config import Oidc
from gateway.endpoints.console.gate import COOKIE
from gateway.endpoints.console.provider import COOKIE as BOUND
from gateway.endpoints.console.provider_operations import AT_ONCE, MAXIMUM_WAITING
from gateway.records import AuditTag
from gateway.services.administrators import AdministratorChanges
from tests.gateway.endpoints.console.test_signing import HERE, csrf
from tests.support import openid_provider
from tests.support.accounts import ROOT, ROOT_ACTOR, appoint
from tests.support.desk import Desk, browser

PATIENCE_S = 30
"""For sixty requests on a busy machine."""

CALLBACK = "https://localhost/console/sign-in/provider/callback"


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with openid_provider.provider(tmp_path_factory.mktemp("openid"), CALLBACK) as running:
        yield running


@pytest.fixture
async def page(desk: Desk, issuer: str, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A browser before the sign-in page of a gateway that knows the provider, and ``olga`` there."""
    secret = tmp_path / "client.secret"
    secret.write_text(openid_provider.SECRET)
    oidc = Oidc(issuer, openid_provider.CLIENT, secret, link_by_email=True, allow_private=True)
    appoint(desk, "olga")
    known = AdministratorChanges(issuer=issuer, subject="olga-there")
    desk.services.administrators.change(ROOT_ACTOR, ROOT, "olga", known)
    async with browser(replace(desk.config, oidc=oidc), token=None) as client:
        client.headers.update(HERE)
        yield client


async def begin(page: httpx.AsyncClient, following: str = "") -> str:
    """Go to the provider; its address."""
    form = {"csrf": csrf(await page.get("/console/sign-in")), "next": following}
    answer = await page.post("/console/sign-in/provider", data=form)
    assert "SameSite=Lax" in answer.headers["set-cookie"]
    found = re.search(r'content="0; url=([^"]+)"', answer.text)
    assert found, answer.text
    return unescape(found[1])


async def come_back(page: httpx.AsyncClient, user: str, following: str = "") -> httpx.Response:
    target = openid_provider.sign_in(await begin(page, following), user)
    return await page.get(target.removeprefix("https://localhost"))


def refusals(desk: Desk) -> list[str]:
    with desk.services.store.read() as transaction:
        found = transaction.audit.query(limit=100)
    return [each.outcome for each in found if each.tag is AuditTag.SIGN_IN_FAILED]


async def test_who_is_known_gets_in_and_goes_on(page: httpx.AsyncClient) -> None:
    answer = await come_back(page, "olga-there", "/console/o/acme/devices")
    assert answer.status_code == 200, answer.text
    cookies = answer.headers.get_list("set-cookie")
    assert any(each.startswith(f"{COOKIE}=ushs_") and "SameSite=Strict" in each for each in cookies)
    assert any(each.startswith(f"{BOUND}=;") for each in cookies)
    assert "url=/console/o/acme/devices" in answer.text
    assert (await page.get("/console/o/acme/devices")).status_code == 200


async def test_a_stranger_at_the_provider_is_nobody_here(page: httpx.AsyncClient, desk: Desk) -> None:
    answer = await come_back(page, "eve")
    assert answer.status_code == 401
    assert COOKIE + "=" not in str(answer.headers.get_list("set-cookie"))
    assert "vouches for no administrator" in answer.text
    assert "no administrator" in refusals(desk)[-1]


async def test_a_verified_address_is_taken_once(page: httpx.AsyncClient, desk: Desk, issuer: str) -> None:
    for name in ("ann", "bob"):
        appoint(desk, name)
        changes = AdministratorChanges(address=f"{name}@acme.example")
        desk.services.administrators.change(ROOT_ACTOR, ROOT, name, changes)
    assert (await come_back(page, "unbob")).status_code == 401
    assert (await come_back(page, "ann")).status_code == 200
    account = desk.services.administrators.get("ann")
    assert (account.issuer, account.subject) == (issuer, "ann")
    assert desk.services.administrators.get("bob").issuer == ""


async def test_what_came_back_counts_once_and_in_this_browser_only(
    page: httpx.AsyncClient, desk: Desk
) -> None:
    target = openid_provider.sign_in(await begin(page), "olga-there")
    path = target.removeprefix("https://localhost")
    bound = page.cookies[BOUND]
    page.cookies.clear()
    assert (await page.get(path)).status_code == 401
    shown = {"Cookie": f"{BOUND}={bound}"}
    assert (await page.get(path, headers=shown)).status_code == 200
    assert (await page.get(path, headers=shown)).status_code == 401
    assert len(refusals(desk)) == 1


async def test_an_answer_in_the_name_of_another_issuer_or_of_none_is_refused(
    page: httpx.AsyncClient, desk: Desk, issuer: str
) -> None:
    """RFC 9207: this provider says in its answers whose they are."""
    for named in ("", "https://evil.example"):
        target = httpx.URL(openid_provider.sign_in(await begin(page), "olga-there"))
        assert target.params["iss"] == issuer
        path = target.copy_set_param("iss", named) if named else target.copy_remove_param("iss")
        assert (await page.get(path.raw_path.decode())).status_code == 401
        assert "another issuer" in refusals(desk)[-1]
    assert (await come_back(page, "olga-there")).status_code == 200


async def test_a_page_elsewhere_keeps_nobody_out(page: httpx.AsyncClient, desk: Desk) -> None:
    """What any page can have its readers' browsers ask for counts for nothing."""
    elsewhere = {"Sec-Fetch-Site": "cross-site", "Origin": "", "Cookie": ""}
    for number in range(50):
        forged = f"/console/sign-in/provider/callback?state={number}&code=x"
        assert (await page.get(forged, headers=elsewhere)).status_code == 401
    assert refusals(desk) == []
    assert (await come_back(page, "olga-there")).status_code == 200


async def test_a_silent_provider_takes_nobodys_threads(desk: Desk) -> None:
    """Strangers who are sent to a provider that keeps silent leave the console to everybody else."""
    beyond = 60 - AT_ONCE - MAXIMUM_WAITING
    silent = socket.create_server(("127.0.0.1", 0))
    oidc = Oidc(f"http://127.0.0.1:{silent.getsockname()[1]}", "usher", allow_private=True)
    async with browser(replace(desk.config, oidc=oidc), token=None) as client:
        client.headers.update(HERE)
        form = {"csrf": csrf(await client.get("/console/sign-in"))}

        async def go() -> int:
            return (await client.post("/console/sign-in/provider", data=form)).status_code

        async with asyncio.TaskGroup() as group:
            waiting = [group.create_task(go()) for _ in range(60)]
            async with asyncio.timeout(PATIENCE_S):
                for _, answered in zip(range(beyond), asyncio.as_completed(waiting), strict=False):
                    await answered
                assert (await client.get("/console/sign-in")).status_code == 200
            silent.close()
        assert Counter(each.result() for each in waiting) == {429: beyond, 503: 60 - beyond}


async def test_without_a_provider_none_is_offered(desk: Desk) -> None:
    made = app.services(desk.config)
    assert not made.provider_sign_in.offered
    made.store.close()
    async with browser(desk.config, token=None) as client:
        client.headers.update(HERE)
        page = await client.get("/console/sign-in")
        assert "/console/sign-in/provider" not in page.text
        answer = await client.post("/console/sign-in/provider", data={"csrf": csrf(page)})
    assert "No identity provider is configured." in answer.text

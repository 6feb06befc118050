"""From the sign-in page into the console and out again, on the admin listener's whole application (T24)."""

import re
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from gateway.endpoints.console.gate import COOKIE
from gateway.endpoints.console.signing import local
from tests.support.accounts import PASSWORD, appoint, now_code
from tests.support.desk import Desk, browser

HERE = {"Origin": "https://localhost", "Sec-Fetch-Site": "same-origin"}


@pytest.fixture
async def page(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    """A browser before the sign-in page; an account is there to sign in with."""
    appoint(desk, "olga")
    async with browser(desk.config, token=None) as client:
        client.headers.update(HERE)
        yield client


def csrf(answer: httpx.Response) -> str:
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', answer.text)
    assert found, answer.text
    return found[1]


async def submit(page: httpx.AsyncClient, source: str, target: str = "", **fields: str) -> httpx.Response:
    """Open a page and send a form of it."""
    token = csrf(await page.get(source))
    return await page.post(target or source, data={"csrf": token, **fields})


async def enter(page: httpx.AsyncClient, code: str = "", **fields: str) -> httpx.Response:
    wanted = {"name": "olga", "password": PASSWORD, "code": code, **fields}
    return await submit(page, "/console/sign-in", **wanted)


async def enrol(page: httpx.AsyncClient) -> str:
    """Sign in for the first time and enrol a second factor; its secret."""
    assert (await enter(page)).headers["location"] == "/console/me"
    offered = await submit(page, "/console/me", "/console/me/second-factor")
    secret = re.search(r'<p class="id">([A-Z2-7]+)</p>', offered.text)
    assert secret
    assert "<svg" in offered.text
    shown = {"csrf": csrf(offered), "code": now_code(secret[1])}
    codes = await page.post("/console/me/second-factor/confirm", data=shown)
    assert "Recovery codes" in codes.text
    return secret[1]


async def test_the_first_visit_leads_to_the_sign_in_page(page: httpx.AsyncClient) -> None:
    assert (await page.get("/")).headers["location"] == "/console/"
    turned = await page.get("/console/o/acme/devices")
    assert turned.headers["location"] == "/console/sign-in?next=/console/o/acme/devices"
    assert "Sign in to Usher" in (await page.get(turned.headers["location"])).text


async def test_without_a_second_factor_there_is_only_ones_own_account(page: httpx.AsyncClient) -> None:
    await enter(page)
    assert (await page.get("/console/o/acme/devices")).status_code == 403
    assert "no second factor" in (await page.get("/console/me")).text


async def test_enrolling_opens_the_console(page: httpx.AsyncClient) -> None:
    await enrol(page)
    assert (await page.get("/console/o/acme/devices")).status_code == 200


async def test_a_code_is_shown_again_as_an_authenticator_writes_it(
    page: httpx.AsyncClient, desk: Desk
) -> None:
    secret = await enrol(page)
    account = desk.services.administrators.get("olga")
    (session,) = desk.services.signing_in.sessions(account.id)
    with desk.services.store.write() as transaction:
        transaction.sessions.confirm(session.id, session.created_at - timedelta(hours=1))
        transaction.administrators.save(replace(account, totp_counter=0))
    code = now_code(secret)
    for proof, status in (("12 34", 400), (f"{code[:3]} {code[3:]}", 200)):
        answer = await submit(page, "/console/me", "/console/me/recovery-codes", proof=proof)
        assert answer.status_code == status, answer.text


async def test_a_session_goes_where_somebody_wanted_to_go_and_ends_with_signing_out(
    page: httpx.AsyncClient,
) -> None:
    await enrol(page)
    before = page.cookies[COOKIE]
    out = await submit(page, "/console/me", "/console/sign-out")
    assert "Max-Age=0" in out.headers["set-cookie"]
    page.cookies.clear()
    assert (await page.get("/console/", headers={"Cookie": f"{COOKIE}={before}"})).status_code == 303


async def test_what_was_wrong_is_not_told(page: httpx.AsyncClient) -> None:
    answers = [await enter(page, name="nobody"), await enter(page, password="Wrong-Horse-7")]
    assert [each.status_code for each in answers] == [401, 401]
    for each in answers:
        assert "The name, the password or the code is wrong." in each.text
        assert PASSWORD not in each.text


async def test_what_nobody_can_tell_is_not_called_wrong(page: httpx.AsyncClient, desk: Desk) -> None:
    database = desk.config.store.directory / "usher.db"
    with sqlite3.connect(database) as connection:
        connection.execute("ALTER TABLE sessions RENAME TO sessions_away")
    connection.close()
    answer = await enter(page)
    assert answer.status_code == 503
    assert "Nobody can tell just now" in answer.text


async def test_a_planted_cookie_becomes_no_session(page: httpx.AsyncClient) -> None:
    planted = "ushs_" + "x" * 43
    shown = {"Cookie": f"{COOKIE}={planted}"}
    form = csrf(await page.get("/console/sign-in", headers=shown))
    wanted = {"csrf": form, "name": "olga", "password": PASSWORD}
    answer = await page.post("/console/sign-in", data=wanted, headers=shown)
    assert planted not in answer.headers["set-cookie"]
    assert f"{COOKIE}=ushs_" in answer.headers["set-cookie"]


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "",
        "/api/v1/me",
        "\n/console/",
    ],
)
def test_signing_in_leads_nowhere_else(target: str) -> None:
    assert local(target) == "/console/"


def test_signing_in_leads_back() -> None:
    assert local("/console/o/acme/devices?state=x") == "/console/o/acme/devices?state=x"


async def test_the_language_is_chosen(page: httpx.AsyncClient) -> None:
    await enrol(page)
    await submit(page, "/console/me", "/console/me/language", language="de")
    assert '<html lang="de"' in (await page.get("/console/me")).text


async def test_a_new_password_takes_the_old_one(page: httpx.AsyncClient) -> None:
    await enrol(page)
    refused = await submit(page, "/console/me", "/console/me/password", present="wrong", new="Better-Horse-8")
    assert refused.status_code == 400
    done = await submit(page, "/console/me", "/console/me/password", present=PASSWORD, new="Better-Horse-8")
    assert done.headers["location"] == "/console/me"


async def test_another_session_is_ended_from_here(page: httpx.AsyncClient, desk: Desk) -> None:
    await enrol(page)
    account = desk.services.administrators.get("olga")
    first = desk.services.signing_in.sessions(account.id)[0]
    assert (await submit(page, "/console/me", f"/console/me/sessions/{first.id}/end")).status_code == 303
    assert desk.services.signing_in.sessions(account.id) == []

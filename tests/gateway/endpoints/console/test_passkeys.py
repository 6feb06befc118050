"""Passkeys through the console's door: offered, registered, shown, and no session for less (T24)."""

import json
import re

import httpx

from gateway.endpoints.console.gate import COOKIE
from tests.gateway.endpoints.console.test_signing import csrf, enter, page, submit
from tests.support.authenticator import Authenticator
from tests.support.desk import Desk

__all__ = ["page"]


async def register(page: httpx.AsyncClient, device: Authenticator) -> httpx.Response:
    offered = await submit(page, "/console/me", "/console/me/passkeys/offer", label="my phone")
    answer = device.create(offered.text)
    return await submit(page, "/console/me", "/console/me/passkeys", label="my phone", answer=answer)


async def test_a_passkey_is_registered_and_signs_in(page: httpx.AsyncClient, desk: Desk) -> None:
    await enter(page)
    device = Authenticator()
    assert (await register(page, device)).status_code == 303
    shown = await page.get("/console/me")
    assert "my phone" in shown.text
    assert "no authenticator" in shown.text
    page.cookies.clear()
    offered = await submit(page, "/console/sign-in", "/console/sign-in/passkey/offer")
    wanted = {"answer": device.get(offered.text), "next": "/console/o/acme/devices"}
    entered = await submit(page, "/console/sign-in", "/console/sign-in/passkey", **wanted)
    assert entered.headers["location"] == "/console/o/acme/devices"
    assert f"{COOKIE}=ushs_" in entered.headers["set-cookie"]
    assert (await page.get("/console/o/acme/devices")).status_code == 200


async def test_what_is_wrong_opens_nothing(page: httpx.AsyncClient) -> None:
    refused = await submit(page, "/console/sign-in", "/console/sign-in/passkey", answer="{}")
    assert refused.status_code == 401
    assert "This passkey was not accepted." in refused.text
    assert "set-cookie" not in refused.headers


async def test_nobody_registers_without_a_session(page: httpx.AsyncClient) -> None:
    token = csrf(await page.get("/console/sign-in"))
    for path in ("/console/me/passkeys/offer", "/console/me/passkeys", "/console/me/confirm/offer"):
        answer = await page.post(path, data={"csrf": token, "label": "x"})
        assert answer.headers["location"].startswith("/console/sign-in")


async def test_a_passkey_is_confirmed_renamed_and_removed(page: httpx.AsyncClient, desk: Desk) -> None:
    await enter(page)
    none = await submit(page, "/console/me", "/console/me/confirm/offer")
    assert (none.status_code, none.json()) == (409, {"problem": "You have no passkey."})
    device = Authenticator()
    await register(page, device)
    offered = await submit(page, "/console/me", "/console/me/confirm/offer")
    assert len(json.loads(offered.text)["allowCredentials"]) == 1
    told = await submit(page, "/console/me", "/console/me/confirm", answer=device.get(offered.text))
    assert (told.status_code, told.json()) == (200, {})
    found = re.search(r'action="(/console/me/passkeys/k-[0-9a-f]+)"', (await page.get("/console/me")).text)
    assert found
    await submit(page, "/console/me", found[1], label="the green one")
    assert "the green one" in (await page.get("/console/me")).text
    unnamed = await submit(page, "/console/me", found[1], label=" ")
    assert unnamed.status_code == 400
    assert (await submit(page, "/console/me", f"{found[1]}/remove")).status_code == 303
    assert "the green one" not in (await page.get("/console/me")).text

"""Rooms, equipment and opened mailboxes in the console (product 1)."""

import re

import httpx

from gateway.records.authority import Appointment, Authority, Role
from tests.gateway.endpoints.console.conftest import Sitting

ROOMS, OPENED = "/console/o/acme/resources", "/console/o/acme/permissions"
ROOM = "big@acme.example"


async def test_a_room_is_made_changed_and_removed(browser: httpx.AsyncClient) -> None:
    assert "There is no room" in (await browser.get(ROOMS)).text
    await browser.post(ROOMS, data={"address": ROOM, "name": "<b>Big</b>", "kind": "room"})
    page = (await browser.get(ROOMS)).text
    assert "&lt;b&gt;Big" in page
    place = re.search(rf'action="({ROOMS}/[^"/]+)"', page)
    assert place
    await browser.post(place[1], data={"name": "Small", "state": "disabled"})
    page = (await browser.get(ROOMS)).text
    assert '<th scope="row">Small' in page
    assert await refused(browser, ROOMS, address="no address", kind="room")
    await browser.post(f"{place[1]}/remove", data={"button": "pressed"})
    assert "There is no room" in (await browser.get(ROOMS)).text


async def test_a_mailbox_is_opened_and_closed(browser: httpx.AsyncClient) -> None:
    await browser.post(ROOMS, data={"address": ROOM, "kind": "room"})
    given = {"mailbox": ROOM, "grantee": "ann@acme.example"}
    assert await refused(browser, OPENED, **given)
    await browser.post(OPENED, data={**given, "right": ["full_access", "send_as"]})
    page = (await browser.get(OPENED)).text
    assert "Open it and read everything, Send in its name" in page
    await browser.post(f"{OPENED}/revoke", data=given)
    assert "No mailbox is opened" in (await browser.get(OPENED)).text


async def test_who_may_only_look_changes_nothing(sitting: Sitting) -> None:
    async with sitting(Authority("v", appointments=(Appointment(Role.VIEWER),))) as client:
        assert "New room" not in (await client.get(ROOMS)).text
        assert (await client.post(ROOMS, data={"address": ROOM})).status_code == 403


async def refused(browser: httpx.AsyncClient, place: str, **fields: str) -> bool:
    answer = await browser.post(place, data=fields)
    return answer.status_code == 400 and 'role="alert"' in answer.text

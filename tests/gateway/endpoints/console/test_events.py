"""What happens, as it happens (product 7.2, 7.9; T22, T29)."""

import asyncio

import httpx
import pytest

from gateway.endpoints.api.calls import ADMINISTRATOR
from gateway.endpoints.console import create_console
from gateway.endpoints.console.events import fragment
from gateway.endpoints.event_streams import AGAIN, Streams
from gateway.endpoints.middleware import Receive, Scope, Send
from gateway.errors import GatewayError, Kind
from gateway.records.authority import Appointment, Authority, Role
from gateway.records.events import Event
from gateway.services.events import event_of
from tests.gateway.endpoints.console.conftest import OWNER, Sitting
from tests.support.desk import Desk
from tests.support.world import ADMIN

PAGE = "/console/events"
SENTENCE = "A device was given a name."


@pytest.fixture
async def live(desk: Desk) -> httpx.AsyncClient:
    """The console with streams, each of which ends when it was looked at twice who asks."""
    console = create_console(desk.services)
    console.state.streams = Streams(Bell(), recheck_s=0)

    async def gate(scope: Scope, receive: Receive, send: Send) -> None:
        left = [OWNER, OWNER]

        async def again() -> Authority:
            if not left:
                raise GatewayError(Kind.UNAUTHENTICATED)
            return left.pop()

        scope[ADMINISTRATOR], scope[AGAIN] = OWNER, again
        await console(scope, receive, send)

    return httpx.AsyncClient(transport=httpx.ASGITransport(gate), base_url="https://localhost")


class Bell:
    """Nobody rings it: a stream that is over reads once."""

    def listen(self) -> asyncio.Event:
        return asyncio.Event()

    def leave(self, rung: asyncio.Event) -> None:
        rung.clear()


def name(desk: Desk, text: str) -> None:
    desk.services.inventory.rename(ADMIN, desk.phone("ann@acme.example").key, text, "<b>why</b>")


async def test_the_list_says_what_happened_the_newest_first(desk: Desk, browser: httpx.AsyncClient) -> None:
    name(desk, "one")
    page = (await browser.get(PAGE)).text
    assert page.index(f"<strong>{SENTENCE}") < page.index("<strong>A device was seen for the first time.")
    assert "&lt;b&gt;why&lt;/b&gt;" in page
    assert "sse-connect" not in page  # a process without streams


async def test_it_is_narrowed_by_type_and_organisation(desk: Desk, browser: httpx.AsyncClient) -> None:
    name(desk, "one")
    of_type = (await browser.get(PAGE, params={"type": "admin:device:named", "organisation": "acme"})).text
    assert f"<strong>{SENTENCE}" in of_type
    assert "<strong>A device was seen" not in of_type
    elsewhere = (await browser.get(PAGE, params={"organisation": "globex"})).text
    assert f"<strong>{SENTENCE}" not in elsewhere
    assert 'role="alert"' in (await browser.get(PAGE, params={"device": "nobody@acme.example/P"})).text


async def test_the_stream_tells_lines_of_the_list(desk: Desk, live: httpx.AsyncClient) -> None:
    assert "sse-connect" in (await live.get(PAGE)).text
    begin = desk.services.events.present()
    name(desk, "one")
    told = await live.get(f"{PAGE}/stream", params={"after": begin})
    assert told.headers["content-type"].startswith("text/event-stream")
    assert "event: told\ndata: <li" in told.text
    assert SENTENCE in told.text
    assert "<b>" not in told.text
    moved = await live.get(f"{PAGE}/moved", params={"after": begin, "type": "admin:device:named"})
    assert [line for line in moved.text.splitlines() if line.startswith("event:")] == ["event: moved"]


def test_a_message_of_many_lines_stays_one(desk: Desk) -> None:
    desk.phone("ann@acme.example")
    with desk.services.store.read() as transaction:
        records = transaction.audit.query(after=0, limit=1)
    event: Event = event_of(records[0])
    text = fragment(event, "told", "a\r\nb\ndata: c")
    assert text == f"id: {event.sequence}\nevent: told\ndata: a\ndata: b\ndata: data: c\n\n"


async def test_who_may_read_no_events_is_told_none(sitting: Sitting) -> None:
    async with sitting(Authority("v", appointments=(Appointment(Role.VIEWER),))) as client:
        for path in (PAGE, f"{PAGE}/stream", f"{PAGE}/moved"):
            assert (await client.get(path)).status_code == 403

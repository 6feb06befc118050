"""Events over REST: pages, and the stream over a real socket (product 7.9)."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from gateway import app
from gateway.endpoints import principals
from gateway.endpoints.event_streams import Streams
from gateway.records import Actor
from gateway.records.authority import MACHINE, Appointment, Authority, Permission, Role
from tests.support.desk import TOKEN, Desk
from tests.support.serving import ours

PATH = "/api/v1/events"
ADMIN = Actor("admin", "root")
PASSWORD = "Correct-Horse-1"


async def test_they_come_in_pages_and_after_a_place(client: httpx.AsyncClient, ann: str) -> None:
    seen: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (await client.get(PATH, params={"limit": 2, "cursor": cursor})).json()
        seen += page["items"]
        cursor = page["next"]
    assert [each["sequence"] for each in seen] == sorted(each["sequence"] for each in seen)
    assert seen[-1]["type"] == "admin:user:created"
    assert seen[-1]["title"] == "A user was made."
    assert page["reached"] == seen[-1]["sequence"]
    rest = (await client.get(PATH, params={"after": seen[-2]["sequence"]})).json()
    assert [each["id"] for each in rest["items"]] == [seen[-1]["id"]]
    assert (await client.get(PATH, params={"after": page["reached"]})).json()["items"] == []


async def test_they_are_asked_for_by_type_organisation_and_device(
    client: httpx.AsyncClient, desk: Desk, ann: str
) -> None:
    desk.phone(ann)
    types = {"type": ["device:partnership:created", "admin:user:created"]}
    found = (await client.get(PATH, params=types)).json()["items"]
    assert [each["type"] for each in found] == ["admin:user:created", "device:partnership:created"]
    assert found[1]["device"]["device_id"] == "PHONE1"
    device = (await client.get(PATH, params={"device": f"{ann}/PHONE1"})).json()["items"]
    assert {each["target"] for each in device} == {found[1]["target"]}
    assert len(device) > 1
    assert (await client.get(PATH, params={"organisation": "globex", **types})).json()["items"] == []
    for wrong in (
        {"type": "no:such:type"},
        {"after": -1},
        {"device": "nobody@acme.example/X"},
        {"what": "x"},
    ):
        assert (await client.get(PATH, params=wrong)).status_code in (400, 404)


async def test_only_what_is_within_reach_is_told(
    client: httpx.AsyncClient, desk: Desk, ann: str, eve: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = desk.services.finder.organisation("acme").id
    helper = Authority("helper", appointments=(Appointment(Role.HELP_DESK, home),))
    monkeypatch.setattr(principals, "BOOTSTRAP", helper)
    found = (await client.get(PATH)).json()["items"]
    assert found
    assert {each["organisation"] for each in found} == {home}
    viewer = Authority("viewer", appointments=(Appointment(Role.VIEWER, home),))
    monkeypatch.setattr(principals, "BOOTSTRAP", viewer)
    assert (await client.get(PATH)).status_code == 403


@dataclass
class Told:
    """What a stream said."""

    status: int = 0
    lines: list[str] = field(default_factory=list)
    ended: bool = False

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line.removeprefix("data: ")) for line in self.lines if line.startswith("data: ")]

    @property
    def ids(self) -> list[int]:
        return [int(line.removeprefix("id: ")) for line in self.lines if line.startswith("id: ")]


@asynccontextmanager
async def listening(port: int, headers: dict[str, str] | None = None, **query: Any) -> AsyncIterator[Told]:
    told = Told()
    asked = {"authorization": f"Bearer {TOKEN}", "accept": "text/event-stream", **(headers or {})}

    async def read() -> None:
        async with (
            httpx.AsyncClient(timeout=30) as client,
            client.stream("GET", f"http://127.0.0.1:{port}{PATH}", params=query, headers=asked) as answer,
        ):
            told.status = answer.status_code
            async for line in answer.aiter_lines():
                told.lines.append(line)
        told.ended = True

    task = asyncio.ensure_future(read())
    try:
        await until(lambda: bool(told.lines) or task.done())
        yield told
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition: Any) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - any condition, of which nobody tells
            await asyncio.sleep(0.01)


@dataclass
class Served:
    port: int
    application: Any


@pytest.fixture
async def served(desk: Desk) -> AsyncIterator[Served]:
    application = app.admin(desk.config)
    await application.start()
    async with ours(application) as port:
        yield Served(port, application)
        await application.drain()
    await application.close()


def happen(desk: Desk, name: str, organisation: str = "acme") -> None:
    desk.services.users.create(ADMIN, organisation, f"{name}@{organisation}.example", password=PASSWORD)


async def test_what_happens_comes_at_once(served: Served, desk: Desk) -> None:
    async with listening(served.port) as told:
        assert told.status == 200
        await asyncio.to_thread(happen, desk, "ann")
        await until(lambda: told.events)
        assert [each["type"] for each in told.events] == ["admin:user:created"]
        assert f"event: {told.events[0]['type']}" in told.lines
        assert told.ids == [told.events[0]["sequence"]]


async def test_whoever_comes_back_misses_nothing(served: Served, desk: Desk) -> None:
    async with listening(served.port, type=["admin:user:created"]) as told:
        await asyncio.to_thread(happen, desk, "ann")
        await until(lambda: told.events)
        last = told.ids[-1]
    for name in ("bob", "carl"):
        happen(desk, name)
    async with listening(served.port, {"last-event-id": str(last)}, type=["admin:user:created"]) as by_header:
        await until(lambda: len(by_header.events) == 2)
    async with listening(served.port, after=last, type=["admin:user:created"]) as by_query:
        await until(lambda: len(by_query.events) == 2)
    assert by_header.events == by_query.events


async def test_what_is_not_asked_for_moves_the_place_only(served: Served, desk: Desk) -> None:
    async with listening(served.port, type=["device:wipe:confirmed"]) as told:
        await asyncio.to_thread(happen, desk, "ann")
        await until(lambda: told.ids)
        assert told.events == []


async def test_a_wrong_id_is_refused(served: Served) -> None:
    async with listening(served.port, {"last-event-id": "e-7"}) as told:
        assert told.status == 400


async def test_the_stream_ends_when_the_token_does(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    streams: Streams = served.application._told.streams
    monkeypatch.setattr(streams, "_recheck_s", 0.05)
    async with listening(served.port) as told:
        await asyncio.sleep(0.3)
        assert not told.ended
        limits = frozenset(Permission) - {Permission.EVENT_READ}
        monkeypatch.setattr(principals, "BOOTSTRAP", Authority("x", appointments=MACHINE, limits=limits))
        await until(lambda: told.ended)


async def test_the_stream_ends_with_the_process(served: Served) -> None:
    async with listening(served.port) as told:
        await served.application.drain()
        await until(lambda: told.ended)
    async with listening(served.port) as late:
        assert late.status == 503


async def test_one_process_has_so_many_streams(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served.application._told.streams, "_most", 1)
    async with listening(served.port), listening(served.port) as second:
        assert second.status == 429
    await until(lambda: len(served.application._told.streams) == 0)

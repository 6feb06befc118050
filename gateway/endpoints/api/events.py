"""``/events`` of the REST API (product 7.9): a page of them, or with ``Accept: text/event-stream`` a stream.

The stream is Server-Sent Events: ``id`` is the number of the record, so that a browser which comes back with
``Last-Event-ID``, or a program with ``after``, misses nothing. It is told what the asker reaches, and ends
when the asker reaches something else, or nothing any longer.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import Annotated, Any

import anyio
from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response, StreamingResponse

from gateway.endpoints.api.calls import ADMINISTRATOR, Filter, Plain, Query, With, needs
from gateway.endpoints.api.cursors import read_number, write_cursor
from gateway.endpoints.event_streams import AGAIN, Again, Streams
from gateway.errors import GatewayError, Kind, malformed
from gateway.records import Actor, AuditTag
from gateway.records.authority import Authority, Permission
from gateway.records.events import Event
from gateway.services.events import Events, Found, Wanted, document

router = APIRouter(prefix="/events", tags=["events"])

Reader = Annotated[Actor, needs(Permission.EVENT_READ)]

STREAM = "text/event-stream"
BATCH = 100
"""Events that a stream reads at once: what a slow reader holds in memory."""

READS = 2
"""Streams that read at the same time, so that a hundred of them leave threads for everybody else."""

_BIGGEST = 2**63


class EventFilter(Filter):
    """Which events.

    ``after`` is the number of the last one that is known; ``device`` is ``USER/DEVICEID`` with the user's id
    or address.
    """

    after: Annotated[int, Field(ge=0, lt=_BIGGEST)] | None = None
    cursor: str = ""
    limit: Annotated[int, Field(ge=1, le=1000)] = 100
    type: list[AuditTag] = []  # noqa: RUF012 - pydantic copies it
    organisation: Plain | None = None
    device: Plain | None = None


class EventDevice(BaseModel):
    """The device that an event is about."""

    user: str
    device_id: str


class EventActor(BaseModel):
    """Who brought it about."""

    kind: str
    name: str


class EventView(BaseModel):
    """One event; ``title`` says what its type means."""

    id: str
    sequence: int
    type: AuditTag
    title: str
    timestamp: datetime
    organisation: str
    target: str
    device: EventDevice | None
    actor: EventActor
    reason: str
    outcome: str
    before: dict[str, Any]
    after: dict[str, Any]


class EventList(BaseModel):
    """A page, oldest first. Everything up to ``reached`` was looked at: that is ``after`` the next time."""

    items: list[EventView]
    next: str | None
    reached: int


def view(event: Event) -> EventView:
    return EventView.model_validate(document(event))


@router.get("", response_model=EventList, responses={200: {"content": {STREAM: {}}}})
async def list_events(
    request: Request, query: Query[EventFilter], use: With, _actor: Reader
) -> EventList | Response:
    """Events in their order; with ``Accept: text/event-stream`` a stream of those that are yet to come."""
    wanted = await anyio.to_thread.run_sync(wanted_of, query, use)
    if STREAM in request.headers.get("accept", ""):
        return await streamed(request, query, use.events, wanted)
    after = read_number(query.cursor) if query.cursor else query.after or 0
    found: Found = await anyio.to_thread.run_sync(use.events.after, after, wanted, query.limit)
    return EventList(
        items=[view(each) for each in found.events],
        next=write_cursor(found.reached) if found.more else None,
        reached=found.reached,
    )


def _message(event: Event) -> str:
    return f"id: {event.sequence}\nevent: {event.type.value}\ndata: {json.dumps(document(event))}\n\n"


Message = Callable[[Event], str]
"""An event as a stream tells it."""


async def streamed(
    request: Request, query: EventFilter, events: Events, wanted: Wanted, message: Message = _message
) -> Response:
    """A stream of the events that are yet to come, or that came after what the reader knows.

    Raises:
        GatewayError: UNSUPPORTED in a process without streams, THROTTLED, UNAVAILABLE, MALFORMED.
    """
    streams: Streams | None = getattr(request.app.state, "streams", None)
    if streams is None:
        raise GatewayError(Kind.UNSUPPORTED, "Only a running gateway has a stream.")
    begin = _last_id(request) or query.after
    if begin is None:
        begin = await anyio.to_thread.run_sync(events.present)
    asker: Authority = request.scope[ADMINISTRATOR]
    who = asker.credential or asker.name
    told = streams.stream(partial(_batch, events, wanted, message), begin, _still(request), who)
    # The first step takes the stream's place among those that there may be: it is refused before any answer.
    first = await anext(told)
    headers = {"X-Accel-Buffering": "no"}
    return StreamingResponse(_chained(first, told), headers=headers, media_type=STREAM)


async def _chained(first: str, rest: AsyncIterator[str]) -> AsyncIterator[str]:
    yield first
    async for each in rest:
        yield each


async def _batch(events: Events, wanted: Wanted, message: Message, after: int) -> tuple[str, int, bool]:
    """Text for the stream, up to which record it goes, and whether there is more."""
    async with _reading:
        found = await anyio.to_thread.run_sync(events.after, after, wanted, BATCH)
    text = "".join(message(each) for each in found.events)
    if found.reached > (found.events[-1].sequence if found.events else after):
        text += f"id: {found.reached}\n\n"  # moves the reader's place, and is no event
    return text, found.reached, found.more


def _still(request: Request) -> Again | None:
    """How to look whether the asker reaches what it reached when the stream began."""
    again: Callable[[], Awaitable[Authority]] | None = request.scope.get(AGAIN)
    if again is None:
        return None
    began: Authority = request.scope[ADMINISTRATOR]
    reach = began.reach(Permission.EVENT_READ)

    async def still() -> bool:
        return (await again()).reach(Permission.EVENT_READ) == reach

    return still


def _last_id(request: Request) -> int | None:
    text = request.headers.get("last-event-id", "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and int(text) < _BIGGEST):
        raise malformed("Last-Event-ID", "The last event's id is a number.")
    return int(text)


def wanted_of(query: EventFilter, use: With) -> Wanted:
    """What a question asks for; GatewayError NOT_FOUND for whom there is not."""
    organisation = use.finder.trail(query.organisation) if query.organisation is not None else None
    target = use.events.device(query.device) if query.device is not None else None
    return Wanted(tuple(query.type), organisation, target)


_reading = anyio.CapacityLimiter(READS)

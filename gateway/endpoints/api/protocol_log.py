"""``/organisations/{organisation}/devices/{user}/{device_id}/protocol-log`` (product 8, T28): what one device
and the gateway say to each other, for a while.

It names what was asked and answered and holds neither passwords nor policy keys nor mail; what a device
reports of itself is masked but for what it is. Reading it takes the same permission as switching it on.
"""

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from gateway.endpoints.api.calls import Body, Page, Query, With, needs, word
from gateway.endpoints.api.cursors import malformed_cursor
from gateway.records import Actor
from gateway.records.authority import Permission
from gateway.records.protocol import Traced
from gateway.services.protocol_logs import LONGEST, SHORTEST, USUAL
from gateway.services.reasons import tidy_reason

router = APIRouter(prefix="/organisations/{organisation}/devices", tags=["devices"])
ONE = "/{user}/{device_id}/protocol-log"
MINUTE = timedelta(minutes=1)

Tracer = Annotated[Actor, needs(Permission.DEVICE_TRACE)]
Reason = Annotated[str, word(tidy_reason)]


class Tracing(Body):
    """For how long; again for longer."""

    minutes: Annotated[int, Field(ge=SHORTEST // MINUTE, le=LONGEST // MINUTE)] = USUAL // MINUTE
    reason: Reason = ""


class TracedView(BaseModel):
    """Until when the device is traced, null where it is not."""

    since: datetime | None = None
    until: datetime | None = None
    ordered_by: str = ""


class ExchangeView(BaseModel):
    """One request and its answer. A document is ``[element, child, ...]``; what is masked is ``***``."""

    sequence: int
    at: datetime
    exchange: dict[str, Any]


class ProtocolLogView(TracedView):
    """What was recorded, the oldest first; ``next`` goes on where this page ends, at any later time."""

    items: list[ExchangeView]
    next: str


@router.get(ONE)
def read_protocol_log(
    organisation: str, user: str, device_id: str, page: Query[Page], use: With, _actor: Tracer
) -> ProtocolLogView:
    """What was recorded of a device, one that is gone included."""
    key = use.finder.key(organisation, user, device_id)
    after = _number(page.cursor)
    found = use.protocol_logs.read(key, after, page.limit)
    items = [ExchangeView(sequence=one.sequence, at=one.at, exchange=dict(one.document)) for one in found]
    last = found[-1].sequence if found else after
    state = _view(use.protocol_logs.state(key)).model_dump()
    return ProtocolLogView(items=items, next=str(last), **state)


@router.put(ONE)
def trace_device(
    organisation: str, user: str, device_id: str, body: Tracing, use: With, actor: Tracer
) -> TracedView:
    """Record the device's exchanges for a while."""
    key = use.finder.key(organisation, user, device_id)
    return _view(use.protocol_logs.switch_on(actor, key, MINUTE * body.minutes, body.reason))


@router.delete(ONE, status_code=204)
def end_tracing(organisation: str, user: str, device_id: str, use: With, actor: Tracer) -> None:
    """Record no more; what was recorded stays for a day."""
    use.protocol_logs.switch_off(actor, use.finder.key(organisation, user, device_id))


def _view(traced: Traced | None) -> TracedView:
    if traced is None:
        return TracedView()
    return TracedView(since=traced.since, until=traced.until, ordered_by=traced.ordered_by)


def _number(cursor: str) -> int:
    if not cursor:
        return 0
    if not cursor.isascii() or not cursor.isdecimal() or len(cursor) > 18:
        raise malformed_cursor()
    return int(cursor)

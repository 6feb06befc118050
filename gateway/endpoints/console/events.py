"""What happens, as it happens (product 7.2, 7.9): a list that grows by itself where scripts run, and one to
load anew where none do.

The stream is that of the API, told as parts of a page; whoever may read no events is told none.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

import anyio
from fastapi import APIRouter
from starlette.responses import Response

from gateway.endpoints.api.events import EventFilter, EventView, list_events, streamed, view, wanted_of
from gateway.endpoints.console.asking import Ask, opens, or_again
from gateway.endpoints.console.operations import query
from gateway.endpoints.console.pages import render
from gateway.endpoints.console.story import sentence
from gateway.errors import GatewayError
from gateway.records import AuditTag
from gateway.records.events import Event
from gateway.services.event_catalogue import CATALOGUE

router = APIRouter(prefix="/events")

SHOWN = 100
"""Events that the page has when it is opened."""


def _list(
    ask: Ask, found: Sequence[EventView] = (), last: int = 0, problem: GatewayError | None = None
) -> Response:
    """``last``: the number from which the stream goes on."""
    return ask.page(
        "events.html",
        asked=_asked(ask),
        found=found,
        problem=problem,
        last=last,
        sentence=sentence,
        types=sorted((each.value, ask.language.text(words)) for each, words in CATALOGUE.items()),
        live=ask.live,
    )


@router.get("")
@or_again(_list)
def events(ask: Annotated[Ask, opens(list_events)]) -> Response:
    """The last events, the newest first."""
    wanted = query(EventFilter, _asked(ask))
    use = ask.operations.within(list_events)
    last = use.events.present()
    return _list(ask, [view(each) for each in use.events.last(wanted_of(wanted, use), SHOWN)], last)


@router.get("/stream")
async def stream(ask: Annotated[Ask, opens(list_events)]) -> Response:
    """Each event as a line of the list."""

    def line(event: Event) -> str:
        values = {"each": view(event), "sentence": sentence}
        return fragment(event, "told", render("event_line.html", ask.language, values))

    return await _told(ask, line)


@router.get("/moved")
async def moved(ask: Annotated[Ask, opens(list_events)]) -> Response:
    """That something happened, for a page that then asks what."""
    return await _told(ask, lambda event: fragment(event, "moved", event.type.value))


def fragment(event: Event, name: str, text: str) -> str:
    """A message of a stream (the HTML standard, 9.2): every line of the text in a field of its own."""
    lines = "".join(f"data: {line}\n" for line in text.splitlines())
    return f"id: {event.sequence}\nevent: {name}\n{lines}\n"


async def _told(ask: Ask, message: Callable[[Event], str]) -> Response:
    asked = query(EventFilter, {**_asked(ask), "after": ask.query.get("after", "")})
    use = ask.operations.within(list_events)
    wanted = await anyio.to_thread.run_sync(wanted_of, asked, use)
    return await streamed(ask.request, asked, use.events, wanted, message)


def _asked(ask: Ask) -> dict[str, Any]:
    asked: dict[str, Any] = {
        name: ask.query[name] for name in ("organisation", "device") if ask.query.get(name)
    }
    known = {each.value for each in AuditTag}
    types = [each for each in ask.request.query_params.getlist("type") if each in known]
    return {**asked, "type": types} if types else asked

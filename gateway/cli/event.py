"""``usher event``: what happened, and what is happening (product 7.9, docs/events.md). Exit codes:
``gateway.cli.local``.

Following asks again and again, so it works on a database without a running gateway too; ``reached`` of each
answer is where the next one begins, and no event is missed or told twice.
"""

import time
from collections.abc import Sequence
from typing import Any

import click

from gateway.cli.api import at
from gateway.cli.local import Work, on_store
from gateway.cli.paging import show_pages
from gateway.cli.tables import cell, json_line
from gateway.cli.webhook import of_types
from gateway.endpoints.api.events import EventList, EventView

HEADINGS = ("SEQUENCE", "WHEN", "TYPE", "TARGET", "BY")
LOOK_EVERY_S = 1.0
EVENTS = at("events")

after_record = click.option("--after", type=click.IntRange(0), help="Only after the record with this number.")
of_organisation = click.option("--org", "organisation", help="Only of this organisation.")
of_device = click.option("--device", help="Only of this device: ADDRESS/DEVICEID.")


@click.group()
def event() -> None:
    """See what happens."""


@event.command("list")
@after_record
@of_types
@of_organisation
@of_device
@on_store
def list_(work: Work, /, after: int | None, types: Sequence[str], **asked: str | None) -> None:
    """List events, oldest first."""
    pages = work.api.pages(EVENTS, EventList, **_query(types, asked), after=after)
    show_pages(work, pages, HEADINGS, _row)


@event.command()
@after_record
@of_types
@of_organisation
@of_device
@click.option("--count", type=click.IntRange(1), help="End after so many events.")
@on_store
def follow(
    work: Work, /, after: int | None, types: Sequence[str], count: int | None, **asked: str | None
) -> None:
    """Print events as they happen, one a line; until Ctrl-C, or --count of them."""
    query, left = _query(types, asked), count
    place = _present(work, query) if after is None else after
    while True:
        page = work.api.get(EVENTS, EventList, after=place, **query)
        for each in page.items[:left]:
            click.echo(_line(work, each))
        if left is not None:
            left -= len(page.items[:left])
            if not left:
                return
        place = page.reached
        if page.next is None:
            time.sleep(LOOK_EVERY_S)


def _query(types: Sequence[str], asked: dict[str, str | None]) -> dict[str, Any]:
    return {"type": list(types) or None, **asked}


def _present(work: Work, query: dict[str, Any]) -> int:
    """The number of the last record."""
    *_, last = work.api.pages(EVENTS, EventList, **query)
    return last.reached


def _line(work: Work, each: EventView) -> str:
    if work.as_json:
        return json_line(each.model_dump(mode="json"))
    return "  ".join(cell(value) for value in _row(each))


def _row(each: EventView) -> Sequence[object]:
    return each.sequence, each.timestamp, each.type, each.target, each.actor.name

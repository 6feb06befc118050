"""The device list (product 5.1, 7.2): filters as one types, any order, a page after a page, for a spreadsheet
too."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.responses import Response, StreamingResponse

from gateway.endpoints.api.bulk_devices import act_on_devices
from gateway.endpoints.api.calls import PAGE_LIMIT
from gateway.endpoints.api.device_queries import DeviceQuery, DeviceQuestion
from gateway.endpoints.api.device_views import DeviceView
from gateway.endpoints.api.devices import count_devices, list_devices
from gateway.endpoints.api.organisations import OrganisationView
from gateway.endpoints.api.saved_views import SavedViewView, list_views, save_view
from gateway.endpoints.console.asking import Ask, opens
from gateway.endpoints.console.bulk import acts
from gateway.endpoints.console.operations import query
from gateway.endpoints.spreadsheets import COLUMNS as EVERY
from gateway.endpoints.spreadsheets import csv_blocks
from gateway.errors import GatewayError
from gateway.records.inventory import FIELDS, Kind
from mdm.device import DeviceState

router = APIRouter(prefix="/o/{organisation}/devices")

COLUMNS: Mapping[str, str] = {
    "alias": "Device",
    "address": "User",
    "family": "Client",
    "os": "System",
    "protocol": "Protocol",
    "state": "State",
    "last_seen": "Last seen",
}
"""Columns of the list with their headings; each is a field that can be sorted by."""

MORE: Sequence[str] = tuple(name for name in EVERY if name not in COLUMNS and name in FIELDS)
"""Columns that stand there where all are asked for."""

ASKED = frozenset({*FIELDS, "search", "sort", "user"})
"""What the address of the page may ask for: every field of the API."""

BESIDE = frozenset({"state", "held", "last_seen"})
"""Fields that have a filter of their own above the list; all others are behind one click."""

SPELLED: Mapping[Kind, str] = {
    Kind.TEXT: "iPhone, =iPhone 15, *15, !=",
    Kind.VERSION: "16.1, >=14.0",
    Kind.TIME: "<30d, >=12h, never",
    Kind.NETWORK: "192.0.2.0/24",
}
"""How a question to a field is spelled, shown where it is asked."""

VIEWS: Sequence[tuple[str, Mapping[str, str]]] = (
    ("All", {}),
    ("Waiting in quarantine", {"held": "yes"}),
    ("Wipe Required", {"state": "Wipe Required"}),
    ("Suspended", {"suspended": "yes"}),
    ("Policy outstanding", {"state": "Provisioning Required"}),
    ("Not for 30 days", {"last_seen": "<30d", "sort": "last_seen"}),
)
"""Questions that most people ask, a click each."""

PAGE = 50


@router.get("")
def devices(organisation: str, ask: Annotated[Ask, opens(list_devices)]) -> Response:
    """A page of the list; the rows alone when a filter asks for them."""
    return list_page(ask, ask.organisation(organisation), _asked(ask))


def list_page(
    ask: Ask,
    home: OrganisationView,
    asked: Mapping[str, str],
    refused: GatewayError | None = None,
    renamed: str = "",
) -> Response:
    """The list as it answers a question; ``refused`` is why a view was not kept, or ``renamed``."""
    wide = ask.query.get("columns") == "all"
    kept = {**asked, "columns": "all"} if wide else asked
    problem, found, counts = None, None, None
    try:
        page = query(DeviceQuery, {**asked, "cursor": ask.query.get("cursor", ""), "limit": PAGE})
        found = ask.call(list_devices, organisation=home.id, query=page)
        counts = ask.call(count_devices, organisation=home.id, query=query(DeviceQuestion, asked))
    except GatewayError as error:
        problem = error
    return ask.page(
        "devices_rows.html" if ask.partial else "devices.html",
        400 if refused else None,
        home=home,
        asked=asked,
        found=found,
        counts=counts,
        problem=problem,
        saved=_saved(ask),
        can_save=ask.may(save_view),
        refused=refused,
        renamed=renamed,
        more=_more(kept, found.next if found else None),
        acts=acts(ask, home.id) if ask.may(act_on_devices, home.id) else [],
        **_filters(),
        **_columns(asked, kept, wide=wide),
    )


def _filters() -> dict[str, object]:
    """What can be asked above the list."""
    return {
        "states": [each.value for each in DeviceState],
        "fields": {name: field for name, field in FIELDS.items() if name not in BESIDE},
        "spelled": SPELLED,
        "views": [(label, urlencode(view)) for label, view in VIEWS],
    }


def _columns(asked: Mapping[str, str], kept: Mapping[str, str], *, wide: bool) -> dict[str, object]:
    """What stands in the list, and the ways to another order and to more or fewer columns."""
    shown = [*COLUMNS, *(MORE if wide else ())]
    return {
        "headings": {name: COLUMNS.get(name) or FIELDS[name].meaning for name in shown},
        "cells": {name: EVERY[name] for name in shown if name in MORE},
        "wide": wide,
        "widths": {"less": urlencode(asked), "all": urlencode({**asked, "columns": "all"})},
        "sorted_by": _sorting(kept, shown),
    }


@router.get(".csv")
def spreadsheet(organisation: str, ask: Annotated[Ask, opens(list_devices)]) -> Response:
    """Every device that answers the question, all columns; no cell is a formula (T23)."""
    home = ask.organisation(organisation)
    pages = _pages(ask, home.id, query(DeviceQuestion, _asked(ask)))
    blocks = csv_blocks(pages)
    first = next(blocks)  # a question that is wrong is refused before any line
    name = f'attachment; filename="devices-{home.alias}.csv"'
    headers = {"content-disposition": name}
    return StreamingResponse(_chained(first, blocks), media_type="text/csv", headers=headers)


def _pages(ask: Ask, organisation: str, question: DeviceQuestion) -> Iterator[list[DeviceView]]:
    cursor: str | None = ""
    while cursor is not None:
        asked = query(DeviceQuery, {**question.model_dump(), "cursor": cursor, "limit": PAGE_LIMIT})
        page = ask.call(list_devices, organisation=organisation, query=asked)
        yield page.items
        cursor = page.next


def _chained(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _asked(ask: Ask) -> dict[str, str]:
    return {name: value for name, value in ask.query.items() if name in ASKED and value}


def _saved(ask: Ask) -> list[tuple[SavedViewView, str]]:
    """The reader's own views, each with the address's query that opens it."""
    found = ask.seen(list_views)
    return [(each, urlencode(each.question)) for each in found.items] if found else []


def _sorting(asked: Mapping[str, str], shown: Sequence[str]) -> Mapping[str, tuple[str, str]]:
    """Column to its ``aria-sort`` and to the address's query that sorts by it, or the other way round."""
    sort = asked.get("sort", "")
    field, down = sort.lstrip("-"), sort.startswith("-")
    rest = {name: value for name, value in asked.items() if name != "sort"}
    return {
        name: (
            ("descending" if down else "ascending") if name == field else "",
            urlencode({**rest, "sort": f"-{name}" if name == field and not down else name}),
        )
        for name in shown
    }


def _more(asked: Mapping[str, str], cursor: str | None) -> str:
    return urlencode({**asked, "cursor": cursor}) if cursor else ""

"""The device list (product 5.1, 7.2): filters as one types, any order, a page after a page, many at once."""

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.responses import Response

from gateway.endpoints.api.device_queries import DeviceQuery, DeviceQuestion
from gateway.endpoints.api.devices import count_devices, list_devices
from gateway.endpoints.console.asking import Ask, opens
from gateway.endpoints.console.operations import query
from gateway.errors import GatewayError
from gateway.records.inventory import FIELDS
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

ASKED = frozenset({*FIELDS, "search", "sort", "user"})
"""What the address of the page may ask for: every field of the API."""

PAGE = 50


@router.get("")
def devices(organisation: str, ask: Annotated[Ask, opens(list_devices)]) -> Response:
    """A page of the list; the rows alone when a filter asks for them."""
    home = ask.organisation(organisation)
    asked = {
        name: value
        for name, value in ask.query.items()
        if name in {*FIELDS, "search", "sort", "user"} and value
    }
    problem, found, counts = None, None, None
    try:
        page = query(DeviceQuery, {**asked, "cursor": ask.query.get("cursor", ""), "limit": PAGE})
        found = ask.call(list_devices, organisation=home.id, query=page)
        counts = ask.call(count_devices, organisation=home.id, query=query(DeviceQuestion, asked))
    except GatewayError as error:
        problem = error
    return ask.page(
        "devices_rows.html" if ask.partial else "devices.html",
        home=home,
        asked=asked,
        found=found,
        counts=counts,
        problem=problem,
        columns=COLUMNS,
        states=[each.value for each in DeviceState],
        sorted_by=_sorting(asked),
        more=_more(asked, found.next if found else None),
    )


def _sorting(asked: Mapping[str, str]) -> Mapping[str, tuple[str, str]]:
    """Column to its ``aria-sort`` and to the address's query that sorts by it, or the other way round."""
    sort = asked.get("sort", "")
    field, down = sort.lstrip("-"), sort.startswith("-")
    rest = {name: value for name, value in asked.items() if name != "sort"}
    return {
        name: (
            ("descending" if down else "ascending") if name == field else "",
            urlencode({**rest, "sort": f"-{name}" if name == field and not down else name}),
        )
        for name in COLUMNS
    }


def _more(asked: Mapping[str, str], cursor: str | None) -> str:
    return urlencode({**asked, "cursor": cursor}) if cursor else ""

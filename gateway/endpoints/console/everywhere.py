"""Devices of every organisation within reach (product 5.1, 7.2): for whoever has a lost phone's name and does
not know whose it is.
"""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.responses import Response

from gateway.endpoints.api.all_devices import count_all_devices, list_all_devices
from gateway.endpoints.api.device_queries import DeviceQuery, DeviceQuestion
from gateway.endpoints.api.device_views import DeviceCounts, DeviceList
from gateway.endpoints.console.asking import Ask, opens, or_again
from gateway.endpoints.console.operations import query
from gateway.errors import GatewayError
from mdm.device import DeviceState

router = APIRouter(prefix="/devices")

ASKED = ("search", "state", "sort")
PAGE = 50


def _list(
    ask: Ask,
    found: DeviceList | None = None,
    counts: DeviceCounts | None = None,
    problem: GatewayError | None = None,
) -> Response:
    asked = _asked(ask)
    return ask.page(
        "all_devices_rows.html" if ask.partial else "all_devices.html",
        asked=asked,
        found=found,
        counts=counts,
        problem=problem,
        states=[each.value for each in DeviceState],
        more=urlencode({**asked, "cursor": found.next}) if found and found.next else "",
    )


@router.get("")
@or_again(_list)
def devices(ask: Annotated[Ask, opens(list_all_devices)]) -> Response:
    """A page of them; the rows alone when a filter asks for them."""
    asked = _asked(ask)
    page = query(DeviceQuery, {**asked, "cursor": ask.query.get("cursor", ""), "limit": PAGE})
    found = ask.call(list_all_devices, query=page)
    return _list(ask, found, ask.call(count_all_devices, query=query(DeviceQuestion, asked)))


def _asked(ask: Ask) -> dict[str, str]:
    return {name: ask.query[name] for name in ASKED if ask.query.get(name)}

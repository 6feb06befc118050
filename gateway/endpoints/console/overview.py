"""What needs me now (product 7.2): approvals, quarantine, open wipes and devices out of order, by
organisation."""

from typing import Annotated, NamedTuple

from fastapi import APIRouter
from starlette.responses import Response

from gateway.endpoints.api.all_devices import count_all_devices
from gateway.endpoints.api.device_queries import DeviceQuestion
from gateway.endpoints.api.device_views import DeviceCounts
from gateway.endpoints.api.devices import count_devices
from gateway.endpoints.api.order_views import OrderView
from gateway.endpoints.api.organisations import OrganisationView, list_organisations
from gateway.endpoints.api.quarantine import QueueFilter, WaitingView, get_queue
from gateway.endpoints.api.safeguards import SafeguardsView, get_safeguards
from gateway.endpoints.api.wipes import OrderFilter, list_orders
from gateway.endpoints.console.asking import Ask, opens
from gateway.endpoints.console.charts import Chart, bars, short
from mdm.orders import Progress

router = APIRouter()

PAGE = 50
"""Organisations at once: each is asked for five lists."""

SHOWN = 5
"""Things of one kind that the overview names; the rest is behind its link."""


class Needing(NamedTuple):
    """What an organisation has for somebody to do; a part that is None may not be seen by who asks."""

    home: OrganisationView
    counts: DeviceCounts | None
    safeguards: SafeguardsView | None
    approvals: list[OrderView]
    delivering: list[OrderView]
    waiting: list[WaitingView]


@router.get("/")
def overview(ask: Annotated[Ask, opens(list_organisations)]) -> Response:
    """The first page: the organisations within reach with what is to be done in them."""
    found = ask.call(list_organisations, query=ask.paged(PAGE))
    return ask.page(
        "overview.html",
        home=ask.organisations[0] if len(ask.organisations) == 1 else None,
        needing=[_of(ask, each) for each in found.items],
        more=found.next,
        states=_states(ask),
        short=short,
    )


def _states(ask: Ask) -> Chart:
    """The devices of all of them by state, also of those on other pages."""
    counts = ask.seen(count_all_devices, query=DeviceQuestion())
    return bars(
        {ask.language.text(name): number for name, number in (counts.states if counts else {}).items()}
    )


def _of(ask: Ask, home: OrganisationView) -> Needing:
    def orders(*progress: Progress) -> list[OrderView]:
        asked = OrderFilter(progress=list(progress), limit=SHOWN)
        found = ask.seen(list_orders, organisation=home.id, query=asked)
        return found.items if found else []

    queue = ask.seen(get_queue, organisation=home.id, query=QueueFilter(limit=SHOWN))
    return Needing(
        home,
        ask.seen(count_devices, organisation=home.id, query=DeviceQuestion()),
        ask.seen(get_safeguards, organisation=home.id),
        orders(Progress.AWAITING),
        orders(Progress.QUEUED, Progress.DELIVERED),
        queue.items if queue else [],
    )

"""Wipes (product 5.3, 5.5): the dialog that says what will happen, its progress, and what waits for an
approval.

The dialog tells in words what the chosen wipe does to *this* phone before it asks for a name and a reason;
what it says comes from the client families' own table and not from the dialog.
"""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from gateway.endpoints.api.devices import get_device
from gateway.endpoints.api.events import list_events
from gateway.endpoints.api.order_views import OrderView
from gateway.endpoints.api.wipes import (
    Because,
    OrderFilter,
    WipeRequest,
    approve_order,
    cancel_order,
    get_order,
    list_orders,
    offer_wipes,
    reject_order,
    request_wipe,
    stop_wipes,
)
from gateway.endpoints.console.asking import Ask, opens, or_again
from gateway.endpoints.console.device import Key, OfDevice, place
from gateway.endpoints.console.operations import body
from gateway.errors import GatewayError
from mdm.orders import OPEN, Progress

router = APIRouter()
ONE = "/o/{organisation}/devices/{user}/{device_id}/wipe"
ORDERS = "/o/{organisation}/wipes"
PAGE = 100
ACTS = (approve_order, reject_order, cancel_order)


def _dialog(ask: Ask, key: Key, problem: GatewayError | None = None) -> Response:
    home = ask.organisation(key.organisation)
    return ask.page(
        "wipe.html",
        home=home,
        sheet=ask.call(get_device, **key._asdict()),
        choices=ask.call(offer_wipes, **key._asdict()).items,
        place=place(key),
        problem=problem,
    )


def _order(ask: Ask, organisation: str, order: str, problem: GatewayError | None = None) -> Response:
    home = ask.organisation(organisation)
    found = ask.call(get_order, organisation=home.id, order=order)
    return ask.page(
        "order_progress.html" if ask.partial and ask.request.method == "GET" else "order.html",
        home=home,
        order=found,
        live=ask.live and ask.may(list_events, home.id),
        open=found.progress in OPEN or found.progress is Progress.AWAITING,
        problem=problem,
        can=ask.can(ACTS, home.id),
    )


@router.get(ONE)
def wipe_dialog(key: OfDevice, ask: Annotated[Ask, opens(offer_wipes)]) -> Response:
    """What can be ordered for this device, and what it would do."""
    return _dialog(ask, key)


@router.post(ONE)
@or_again(_dialog)
def order_wipe(key: OfDevice, ask: Annotated[Ask, opens(request_wipe)]) -> Response:
    """Order it; the answer is the order's own page, which goes on telling."""
    wanted = body(WipeRequest, ask.form.given("kind", "reason", "name"))
    ordered = ask.call(request_wipe, **key._asdict(), body=wanted)
    return ask.to(f"/console/o/{key.organisation}/wipes/{ordered.order.id}")


@router.get(ORDERS)
def orders(organisation: str, ask: Annotated[Ask, opens(list_orders)]) -> Response:
    """Every order, the youngest first; those that wait for an approval above."""
    home = ask.organisation(organisation)
    asked = OrderFilter(cursor=ask.query.get("cursor", ""), limit=PAGE)
    found = ask.call(list_orders, organisation=home.id, query=asked)
    awaiting = ask.call(list_orders, organisation=home.id, query=OrderFilter(progress=[Progress.AWAITING]))
    return ask.page(
        "orders.html",
        home=home,
        found=found,
        awaiting=awaiting.items,
        can_stop=ask.may(stop_wipes, home.id),
    )


@router.get(ORDERS + "/{order}")
def order(organisation: str, order: str, ask: Annotated[Ask, opens(get_order)]) -> Response:
    """One order; its progress alone when the page asks how far it is."""
    return _order(ask, organisation, order)


@router.post(ORDERS + "/{order}/approve")
@or_again(_order)
def approve(organisation: str, order: str, ask: Annotated[Ask, opens(approve_order)]) -> Response:
    """Let it become due, as a second administrator."""
    return _settled(ask, approve_order, organisation, order)


@router.post(ORDERS + "/{order}/reject")
@or_again(_order)
def reject(organisation: str, order: str, ask: Annotated[Ask, opens(reject_order)]) -> Response:
    """Turn it down."""
    return _settled(ask, reject_order, organisation, order)


@router.post(ORDERS + "/{order}/cancel")
@or_again(_order)
def cancel(organisation: str, order: str, ask: Annotated[Ask, opens(cancel_order)]) -> Response:
    """Take it back while the device has not acknowledged it."""
    return _settled(ask, cancel_order, organisation, order)


def _settled(ask: Ask, act: Callable[..., OrderView], organisation: str, order: str) -> Response:
    reason = body(Because, ask.form.given("reason"))
    ask.call(act, organisation=organisation, order=order, body=reason)
    return ask.to(f"/console/o/{organisation}/wipes/{order}")

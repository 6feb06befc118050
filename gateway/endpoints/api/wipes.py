"""Orders of wipes over REST (product 5.3, 5.5, 7.3): asked for at a device, approved and taken back by id.

A full wipe asks for a permission of its own beside the route's: the body says which kind it is. Below it the
emergency brake, for one organisation or all of them.
"""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel

from gateway.endpoints.api.calls import Bearer, Body, Page, Plain, Query, UseCases, With, choice, needs, word
from gateway.endpoints.api.cursors import read_moment, write_cursor
from gateway.endpoints.api.device_views import view
from gateway.endpoints.api.order_views import (
    ChoiceList,
    ChoiceView,
    OrderedView,
    OrderList,
    OrderView,
    order_view,
)
from gateway.errors import GatewayError, Kind
from gateway.records import Actor
from gateway.records.authority import Permission
from gateway.services.panic import REMAINDER, Stopped
from gateway.services.reasons import tidy_reason, wipe_reason
from gateway.services.wipe_guards import Wanted
from mdm.device import Device, WipeKind
from mdm.orders import Progress, WipeOrder

at_devices = APIRouter(prefix="/organisations/{organisation}/devices/{user}/{device_id}/wipe", tags=["wipes"])
router = APIRouter(prefix="/organisations/{organisation}/wipes", tags=["wipes"])
everywhere = APIRouter(prefix="/wipes", tags=["wipes"])

Reader = Annotated[Actor, needs(Permission.DEVICE_READ)]
Wiper = Annotated[Actor, needs(Permission.DEVICE_WIPE, destructive=True)]
Canceller = Annotated[Actor, needs(Permission.DEVICE_WIPE)]
Approver = Annotated[Actor, needs(Permission.WIPE_APPROVE, destructive=True)]
Rejecter = Annotated[Actor, needs(Permission.WIPE_APPROVE)]
Stopper = Annotated[Actor, needs(Permission.WIPE_PANIC)]
StopperOfAll = Annotated[Actor, needs(Permission.WIPE_PANIC, everywhere=True)]
Reason = Annotated[str, word(tidy_reason)]


class WipeRequest(Body):
    """A wipe; ``device`` erases the whole device, and needs a reason and the device's name typed as ``name``
    (product 5.5)."""

    kind: Annotated[WipeKind, choice()] = WipeKind.ACCOUNT
    reason: Reason = ""
    name: Plain = ""


class Because(Body):
    """An act that may have a reason."""

    reason: Reason = ""


UNTOLD = Because()


class OrderFilter(Page):
    """Which orders: of one user, this far; every ``progress`` for none."""

    user: Plain | None = None
    progress: list[Progress] = []  # noqa: RUF012 - pydantic copies it


class StoppedView(BaseModel):
    """What the emergency brake did in one organisation; ``delivered`` could not be taken back."""

    organisation: str
    cancelled: int
    unapproved: int
    delivered: list[str]
    remainder: str = REMAINDER


class StoppedList(BaseModel):
    """One for each organisation."""

    items: list[StoppedView]


@at_devices.get("")
def offer_wipes(organisation: str, user: str, device_id: str, use: With, _actor: Reader) -> ChoiceList:
    """What may be ordered for this device, what it would erase, and what stands against it."""
    offered = use.wipes.choices(use.finder.key(organisation, user, device_id))
    return ChoiceList(items=[ChoiceView.model_validate(each, from_attributes=True) for each in offered])


@at_devices.post("", status_code=202)
def request_wipe(
    organisation: str, user: str, device_id: str, body: WipeRequest, use: With, actor: Wiper, bearer: Bearer
) -> OrderedView:
    """Order a wipe, or ask for its approval: ``order.progress`` tells. Durable when this is answered."""
    if body.kind is WipeKind.DEVICE:
        use = bearer.require(Permission.WIPE_FULL)
    wanted = Wanted(body.kind, wipe_reason(body.kind, body.reason), body.name)
    key = use.finder.key(organisation, user, device_id)
    return _ordered(use, use.wipes.request(actor, key, wanted))


@at_devices.post("/cancel")
def cancel_wipe(
    organisation: str, user: str, device_id: str, use: With, actor: Canceller, body: Because = UNTOLD
) -> OrderedView:
    """Take back what the device has not acknowledged, or what waits for approval."""
    key = use.finder.key(organisation, user, device_id)
    before = use.devices.get(key)
    return _ordered(use, use.wipes.cancel_for(actor, key, body.reason), before)


@router.get("")
def list_orders(organisation: str, query: Query[OrderFilter], use: With, _actor: Reader) -> OrderList:
    """Orders of an organisation, the youngest first; none is ever removed."""
    home = use.finder.organisation(organisation)
    owner = use.finder.user(home.id, query.user).id if query.user is not None else None
    found = use.wipes.list(
        home.id, user=owner, progress=query.progress, before=read_moment(query.cursor), limit=query.limit
    )
    last = found[-1] if len(found) == query.limit else None
    following = write_cursor(last.requested_at.isoformat(), last.id) if last else None
    addresses = use.finder.addresses(each.key.user for each in found)
    items = [order_view(each, addresses[each.key.user]) for each in found]
    return OrderList(items=items, next=following)


@router.post("/panic")
def stop_wipes(organisation: str, use: With, actor: Stopper, body: Because = UNTOLD) -> StoppedView:
    """Take back every wipe that no device has fetched and every order that waits, and freeze."""
    return stopped_view(use.panic.stop(actor, organisation, body.reason))


@router.get("/{order}")
def get_order(organisation: str, order: str, use: With, _actor: Reader) -> OrderView:
    """One order."""
    return _viewed(use, use.wipes.get(organisation, order))


@router.post("/{order}/approve")
def approve_order(
    organisation: str, order: str, use: With, actor: Approver, body: Because = UNTOLD
) -> OrderView:
    """Let an order of another administrator become due; an approval is used once."""
    return _viewed(use, use.wipes.approve(actor, organisation, order, body.reason))


@router.post("/{order}/reject")
def reject_order(
    organisation: str, order: str, use: With, actor: Rejecter, body: Because = UNTOLD
) -> OrderView:
    """Turn an order down that waits for approval."""
    return _viewed(use, use.wipes.reject(actor, organisation, order, body.reason))


@router.post("/{order}/cancel")
def cancel_order(
    organisation: str, order: str, use: With, actor: Canceller, body: Because = UNTOLD
) -> OrderView:
    """Take back an order that was not acknowledged."""
    return _viewed(use, use.wipes.cancel(actor, organisation, order, body.reason))


@everywhere.post("/panic")
def stop_all_wipes(use: With, actor: StopperOfAll, body: Because = UNTOLD) -> StoppedList:
    """Pull the emergency brake in every organisation of this gateway."""
    return StoppedList(items=[stopped_view(each) for each in use.panic.everywhere(actor, body.reason)])


def stopped_view(stopped: Stopped) -> StoppedView:
    return StoppedView(
        organisation=stopped.organisation,
        cancelled=stopped.cancelled,
        unapproved=stopped.unapproved,
        delivered=list(stopped.delivered),
    )


def _ordered(use: UseCases, order: WipeOrder, before: Device | None = None) -> OrderedView:
    """``before``: the device as it was; a tombstone is gone when its wipe is taken back."""
    device = use.devices.get(order.key) or before
    if device is None:
        raise GatewayError(Kind.NOT_FOUND, "There is no such device.")
    address = use.finder.owners([device])[device.key.user]
    return OrderedView(**dict(view(device, address)), order=order_view(order, address))


def _viewed(use: UseCases, order: WipeOrder) -> OrderView:
    user = order.key.user
    return order_view(order, use.finder.addresses([user])[user])

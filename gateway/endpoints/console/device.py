"""One device (product 5.1, 5.2, 6.4): what it is, how it stands, why, its story, and what can be done about
it."""

from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends
from starlette.responses import Response

from gateway.endpoints.api.conduct import release, resolve_identity
from gateway.endpoints.api.device_reports import report
from gateway.endpoints.api.device_views import DeviceSheet
from gateway.endpoints.api.devices import (
    AccessChange,
    Because,
    Naming,
    Removal,
    get_device,
    name_device,
    provision,
    remove_device,
    reveal_password,
    set_access,
)
from gateway.endpoints.api.order_views import OrderView
from gateway.endpoints.api.policy_assignments import effective_policy
from gateway.endpoints.api.protocol_log import trace_device
from gateway.endpoints.api.rule_views import DecisionView
from gateway.endpoints.api.rules import Question, decide
from gateway.endpoints.api.wipes import OrderFilter, list_orders
from gateway.endpoints.console.asking import Ask, opens, or_again
from gateway.endpoints.console.operations import body, query
from gateway.endpoints.console.story import sentence, story
from gateway.endpoints.pages.device_report import changes
from gateway.errors import GatewayError

router = APIRouter(prefix="/o/{organisation}/devices/{user}/{device_id}")

ACTS = (
    name_device,
    provision,
    set_access,
    remove_device,
    reveal_password,
    release,
    resolve_identity,
    trace_device,
    report,
)
ORDERS = 100
"""Orders of the device's user among which the device's last one is looked for."""


class Key(NamedTuple):
    """Organisation, user and DeviceId as the address of the page has them."""

    organisation: str
    user: str
    device_id: str


async def _key(organisation: str, user: str, device_id: str) -> Key:
    return Key(organisation, user, device_id)


OfDevice = Annotated[Key, Depends(_key)]


def place(key: Key) -> str:
    """Where the device's page is."""
    return f"/console/o/{key.organisation}/devices/{key.user}/{key.device_id}"


def shown(ask: Ask, key: Key, problem: GatewayError | None = None) -> Response:
    """The page as things are now, with why the last thing was refused."""
    home = ask.organisation(key.organisation)
    sheet = ask.call(get_device, **key._asdict())
    return ask.page(
        "device.html",
        home=home,
        sheet=sheet,
        story=story(ask, sheet.organisation, f"{sheet.user}/{sheet.device_id}"),
        sentence=sentence,
        changes=changes,
        told=_decision(ask, sheet),
        effective=ask.seen(effective_policy, **key._asdict()),
        order=_last_order(ask, sheet),
        place=place(key),
        problem=problem,
        can=ask.can(ACTS, home.id),
    )


def _decision(ask: Ask, sheet: DeviceSheet) -> DecisionView | None:
    """Why it is served or not: every instance, every rule, every condition."""
    asked = Question(user=sheet.user, device_id=sheet.device_id)
    return ask.seen(decide, organisation=sheet.organisation, body=asked)


def _last_order(ask: Ask, sheet: DeviceSheet) -> OrderView | None:
    """The youngest order to wipe this device."""
    asked = OrderFilter(user=sheet.user, limit=ORDERS)
    found = ask.seen(list_orders, organisation=sheet.organisation, query=asked)
    return next((each for each in found.items if each.device_id == sheet.device_id), None) if found else None


@router.get("")
def device(key: OfDevice, ask: Annotated[Ask, opens(get_device)]) -> Response:
    """The device's page."""
    return shown(ask, key)


@router.post("/name")
@or_again(shown)
def name(key: OfDevice, ask: Annotated[Ask, opens(name_device)]) -> Response:
    """Give the device a name."""
    wanted = body(Naming, {"alias": ask.form.text("alias"), "reason": ask.form.text("reason")})
    ask.call(name_device, **key._asdict(), body=wanted)
    return ask.to(place(key))


@router.post("/provision")
@or_again(shown)
def provision_again(key: OfDevice, ask: Annotated[Ask, opens(provision)]) -> Response:
    """Make the device fetch its policy again."""
    ask.call(provision, **key._asdict(), body=body(Because, {"reason": ask.form.text("reason")}))
    return ask.to(place(key))


@router.post("/access")
@or_again(shown)
def access(key: OfDevice, ask: Annotated[Ask, opens(set_access)]) -> Response:
    """Allow, block or quarantine the device whatever the rules say, or let them decide again."""
    wanted = {"level": ask.form.text("level") or None, "reason": ask.form.text("reason")}
    ask.call(set_access, **key._asdict(), body=body(AccessChange, wanted))
    return ask.to(place(key))


@router.post("/remove")
@or_again(shown)
def remove(key: OfDevice, ask: Annotated[Ask, opens(remove_device)]) -> Response:
    """Take the device off the list."""
    wanted = query(Removal, {"reason": ask.form.text("reason"), "force": ask.form.has("force")})
    ask.call(remove_device, **key._asdict(), query=wanted)
    return ask.to(f"/console/o/{key.organisation}/devices")

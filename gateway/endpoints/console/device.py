"""One device (product 5.1, 5.2, 6.4): what it is, how it stands, why, its story, and what can be done about
it."""

from typing import Annotated

from fastapi import APIRouter
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
from gateway.endpoints.api.wipes import OrderFilter, list_orders, offer_wipes
from gateway.endpoints.console.asking import Ask, opens
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
TONES = {"allow": "good", "quarantine": "warn"}
"""How an answer about access is coloured; every other is bad news."""

ORDERS = 100
"""Orders of the device's user among which the device's last one is looked for."""


@router.get("")
def device(organisation: str, user: str, device_id: str, ask: Annotated[Ask, opens(get_device)]) -> Response:
    """The device's page."""
    return shown(ask, (organisation, user, device_id))


@router.post("/name")
def name(organisation: str, user: str, device_id: str, ask: Annotated[Ask, opens(name_device)]) -> Response:
    """Give the device a name."""
    key = (organisation, user, device_id)
    try:
        wanted = body(Naming, {"alias": ask.form.text("alias"), "reason": ask.form.text("reason")})
        ask.call(name_device, **named(key), body=wanted)
    except GatewayError as error:
        return shown(ask, key, error)
    return ask.to(place(key))


@router.post("/provision")
def provision_again(
    organisation: str, user: str, device_id: str, ask: Annotated[Ask, opens(provision)]
) -> Response:
    """Make the device fetch its policy again."""
    key = (organisation, user, device_id)
    try:
        ask.call(provision, **named(key), body=body(Because, {"reason": ask.form.text("reason")}))
    except GatewayError as error:
        return shown(ask, key, error)
    return ask.to(place(key))


@router.post("/access")
def access(organisation: str, user: str, device_id: str, ask: Annotated[Ask, opens(set_access)]) -> Response:
    """Allow, block or quarantine the device whatever the rules say, or let them decide again."""
    key = (organisation, user, device_id)
    try:
        wanted = {"level": ask.form.text("level") or None, "reason": ask.form.text("reason")}
        ask.call(set_access, **named(key), body=body(AccessChange, wanted))
    except GatewayError as error:
        return shown(ask, key, error)
    return ask.to(place(key))


@router.post("/remove")
def remove(
    organisation: str, user: str, device_id: str, ask: Annotated[Ask, opens(remove_device)]
) -> Response:
    """Take the device off the list."""
    key = (organisation, user, device_id)
    try:
        wanted = query(Removal, {"reason": ask.form.text("reason"), "force": ask.form.has("force")})
        ask.call(remove_device, **named(key), query=wanted)
    except GatewayError as error:
        return shown(ask, key, error)
    return ask.to(f"/console/o/{organisation}/devices")


Key = tuple[str, str, str]
"""Organisation, user and DeviceId as the address of the page has them."""


def named(key: Key) -> dict[str, str]:
    """A device's key as the arguments of an operation."""
    return dict(zip(("organisation", "user", "device_id"), key, strict=True))


def place(key: Key) -> str:
    """Where the device's page is."""
    organisation, user, device_id = key
    return f"/console/o/{organisation}/devices/{user}/{device_id}"


def shown(ask: Ask, key: Key, problem: GatewayError | None = None) -> Response:
    """The page as things are now, with why the last thing was refused."""
    home = ask.organisation(key[0])
    sheet = ask.call(get_device, **named(key))
    return ask.page(
        "device.html",
        400 if problem else 200,
        home=home,
        sheet=sheet,
        choices=ask.call(offer_wipes, **named(key)).items,
        story=story(ask, sheet.organisation, f"{sheet.user}/{sheet.device_id}"),
        sentence=sentence,
        changes=changes,
        told=_decision(ask, sheet),
        tones=TONES,
        effective=ask.seen(effective_policy, **named(key)),
        order=_last_order(ask, sheet),
        place=place(key),
        problem=problem,
        can={each.__name__: ask.may(each, home.id) for each in ACTS},
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

"""What is done about one device beyond the everyday (product 5.1, 5.7, 5.8, 8): its recovery password, the
end of a suspension or a dispute, its protocol log, and the report to print."""

import json
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from gateway.endpoints.api.calls import Page
from gateway.endpoints.api.conduct import Because, Settlement, release, resolve_identity
from gateway.endpoints.api.device_reports import report
from gateway.endpoints.api.devices import Revelation, get_device, reveal_password
from gateway.endpoints.api.protocol_log import Tracing, end_tracing, read_protocol_log, trace_device
from gateway.endpoints.console.asking import Ask, opens
from gateway.endpoints.console.device import Key, named, place, shown
from gateway.endpoints.console.operations import body, query
from gateway.errors import GatewayError
from gateway.services.identity import Resolution

router = APIRouter(prefix="/o/{organisation}/devices/{user}/{device_id}")

LENGTHS = (30, 60, 240, 1440)
"""Minutes that the protocol log offers."""

PAGE = 100


@router.post("/recovery")
def recovery(
    organisation: str, user: str, device_id: str, ask: Annotated[Ask, opens(reveal_password)]
) -> Response:
    """Show the recovery password, this once."""
    key = (organisation, user, device_id)
    try:
        why = body(Revelation, {"reason": ask.form.text("reason")})
        found = ask.call(reveal_password, **named(key), body=why)
    except GatewayError as error:
        return shown(ask, key, error)
    return ask.page("recovery.html", home=ask.organisation(organisation), place=place(key), found=found)


@router.post("/release")
def release_device(
    organisation: str, user: str, device_id: str, ask: Annotated[Ask, opens(release)]
) -> Response:
    """End a suspension or a loop."""
    key = (organisation, user, device_id)
    return _done(ask, key, release, body(Because, ask.form.given("reason")))


@router.post("/identity")
def settle(
    organisation: str, user: str, device_id: str, ask: Annotated[Ask, opens(resolve_identity)]
) -> Response:
    """End a dispute about who the device is; one that is forgotten has no page any longer."""
    key = (organisation, user, device_id)
    try:
        wanted = body(Settlement, ask.form.given("resolution", "reason"))
        ask.call(resolve_identity, **named(key), body=wanted)
    except GatewayError as error:
        return shown(ask, key, error)
    gone = wanted.resolution is Resolution.FORGET
    return ask.to(f"/console/o/{organisation}/devices" if gone else place(key))


@router.get("/protocol-log")
def protocol_log(
    organisation: str, user: str, device_id: str, ask: Annotated[Ask, opens(read_protocol_log)]
) -> Response:
    """What the device and the gateway said to each other."""
    return _log(ask, (organisation, user, device_id))


@router.post("/protocol-log")
def trace(organisation: str, user: str, device_id: str, ask: Annotated[Ask, opens(trace_device)]) -> Response:
    """Record for a while, or no longer."""
    key = (organisation, user, device_id)
    try:
        if ask.form.text("do") == "off":
            ask.call(end_tracing, **named(key))
        else:
            length = ask.form.text("minutes")
            minutes = int(length) if length.isascii() and length.isdigit() and len(length) < 6 else 0
            wanted = body(Tracing, {"minutes": minutes, "reason": ask.form.text("reason")})
            ask.call(trace_device, **named(key), body=wanted)
    except GatewayError as error:
        return _log(ask, key, error)
    return ask.to(place(key) + "/protocol-log")


@router.get("/report")
def printable(organisation: str, user: str, device_id: str, ask: Annotated[Ask, opens(report)]) -> Response:
    """The report for an auditor, with the policy that it brings."""
    return ask.call(report, organisation=organisation, user=user, device_id=device_id)


def _done(ask: Ask, key: Key, act: Callable[..., Any], wanted: Any) -> Response:
    try:
        ask.call(act, **named(key), body=wanted)
    except GatewayError as error:
        return shown(ask, key, error)
    return ask.to(place(key))


def _log(ask: Ask, key: Key, problem: GatewayError | None = None) -> Response:
    asked = query(Page, {"cursor": ask.query.get("cursor", ""), "limit": PAGE})
    found = ask.call(read_protocol_log, **named(key), page=asked)
    return ask.page(
        "protocol_log.html",
        400 if problem else 200,
        home=ask.organisation(key[0]),
        sheet=ask.seen(get_device, **named(key)),
        device_id=key[2],
        found=found,
        told=[json.dumps(each.exchange, indent=1, ensure_ascii=True) for each in found.items],
        more=len(found.items) == PAGE,
        place=place(key),
        lengths=[(str(each), str(each)) for each in LENGTHS],
        problem=problem,
    )

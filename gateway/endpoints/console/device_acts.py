"""What is done about one device beyond the everyday (product 5.1, 5.7, 5.8, 8): its recovery password, the
end of a suspension or a dispute, its protocol log, and the report to print."""

import json
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from gateway.endpoints.api.conduct import Because, Settlement, release, resolve_identity
from gateway.endpoints.api.device_reports import report
from gateway.endpoints.api.devices import Revelation, get_device, reveal_password
from gateway.endpoints.api.protocol_log import Tracing, end_tracing, read_protocol_log, trace_device
from gateway.endpoints.console.asking import Ask, opens, or_again
from gateway.endpoints.console.device import Key, OfDevice, place, shown
from gateway.endpoints.console.operations import body
from gateway.errors import GatewayError
from gateway.services.identity import Resolution

router = APIRouter(prefix="/o/{organisation}/devices/{user}/{device_id}")

LENGTHS = (30, 60, 240, 1440)
"""Minutes that the protocol log offers."""

PAGE = 100


def _log(ask: Ask, key: Key, problem: GatewayError | None = None) -> Response:
    found = ask.call(read_protocol_log, **key._asdict(), page=ask.paged(PAGE))
    return ask.page(
        "protocol_log.html",
        home=ask.organisation(key.organisation),
        sheet=ask.seen(get_device, **key._asdict()),
        device_id=key.device_id,
        found=found,
        told=[json.dumps(each.exchange, indent=1, ensure_ascii=True) for each in found.items],
        more=found.next if len(found.items) == PAGE else None,
        place=place(key),
        lengths=[(str(each), str(each)) for each in LENGTHS],
        problem=problem,
    )


@router.post("/recovery")
@or_again(shown)
def recovery(key: OfDevice, ask: Annotated[Ask, opens(reveal_password)]) -> Response:
    """Show the recovery password, this once."""
    why = body(Revelation, {"reason": ask.form.text("reason")})
    found = ask.call(reveal_password, **key._asdict(), body=why)
    return ask.page("recovery.html", home=ask.organisation(key.organisation), place=place(key), found=found)


@router.post("/release")
@or_again(shown)
def release_device(key: OfDevice, ask: Annotated[Ask, opens(release)]) -> Response:
    """End a suspension or a loop."""
    ask.call(release, **key._asdict(), body=body(Because, ask.form.given("reason")))
    return ask.to(place(key))


@router.post("/identity")
@or_again(shown)
def settle(key: OfDevice, ask: Annotated[Ask, opens(resolve_identity)]) -> Response:
    """End a dispute about who the device is; one that is forgotten has no page any longer."""
    wanted = body(Settlement, ask.form.given("resolution", "reason"))
    ask.call(resolve_identity, **key._asdict(), body=wanted)
    gone = wanted.resolution is Resolution.FORGET
    return ask.to(f"/console/o/{key.organisation}/devices" if gone else place(key))


@router.get("/protocol-log")
def protocol_log(key: OfDevice, ask: Annotated[Ask, opens(read_protocol_log)]) -> Response:
    """What the device and the gateway said to each other."""
    return _log(ask, key)


@router.post("/protocol-log")
@or_again(_log)
def trace(key: OfDevice, ask: Annotated[Ask, opens(trace_device)]) -> Response:
    """Record for a while, or no longer."""
    if ask.form.text("do") == "off":
        ask.call(end_tracing, **key._asdict())
    else:
        asked = {"minutes": ask.form.number("minutes"), "reason": ask.form.text("reason")}
        ask.call(trace_device, **key._asdict(), body=body(Tracing, asked))
    return ask.to(place(key) + "/protocol-log")


@router.get("/report")
def printable(key: OfDevice, ask: Annotated[Ask, opens(report)]) -> Response:
    """The report for an auditor, with the policy that it brings."""
    return ask.call(report, **key._asdict())

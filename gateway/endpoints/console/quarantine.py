"""Devices that wait for an approval (product 6.5): one, many at once, or all of a model or a person."""

from collections.abc import Callable, Sequence
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from gateway.endpoints.api.quarantine import (
    Choice,
    OfModel,
    OfUser,
    QueueFilter,
    Settled,
    SettledList,
    approve,
    approve_model,
    approve_user,
    get_queue,
    reject,
)
from gateway.endpoints.console.asking import Ask, opens, or_again
from gateway.endpoints.console.operations import body, query
from gateway.errors import GatewayError

router = APIRouter(prefix="/o/{organisation}/quarantine")

PAGE = 100
ACTS = (approve, reject, approve_model, approve_user)


def _queue(
    ask: Ask, organisation: str, problem: GatewayError | None = None, failed: Sequence[Settled] = ()
) -> Response:
    home = ask.organisation(organisation)
    asked = query(QueueFilter, {"cursor": ask.query.get("cursor"), "limit": PAGE})
    return ask.page(
        "quarantine.html",
        home=home,
        found=ask.call(get_queue, organisation=home.id, query=asked),
        place=place(home.alias),
        problem=problem,
        failed=failed,
        can=ask.can(ACTS, home.id),
    )


@router.get("")
def queue(organisation: str, ask: Annotated[Ask, opens(get_queue)]) -> Response:
    """Who waits, the longest first."""
    return _queue(ask, organisation)


@router.post("/approve")
@or_again(_queue)
def let_in(organisation: str, ask: Annotated[Ask, opens(approve)]) -> Response:
    """Let the chosen devices in."""
    return _settle(ask, organisation, approve)


@router.post("/reject")
@or_again(_queue)
def keep_out(organisation: str, ask: Annotated[Ask, opens(reject)]) -> Response:
    """Block the chosen devices."""
    return _settle(ask, organisation, reject)


@router.post("/model")
@or_again(_queue)
def let_in_model(organisation: str, ask: Annotated[Ask, opens(approve_model)]) -> Response:
    """Let in every device of a model, those to come too."""
    wanted = body(OfModel, ask.form.given("model", "reason"))
    ask.call(approve_model, organisation=organisation, body=wanted)
    return ask.to(place(organisation))


@router.post("/user")
@or_again(_queue)
def let_in_user(organisation: str, ask: Annotated[Ask, opens(approve_user)]) -> Response:
    """Let in every device of somebody that waits now."""
    wanted = body(OfUser, ask.form.given("user", "reason"))
    ask.call(approve_user, organisation=organisation, body=wanted)
    return ask.to(place(organisation))


def _settle(ask: Ask, organisation: str, act: Callable[..., SettledList]) -> Response:
    """A device is named by its user and its DeviceId with a space between, which neither may hold."""
    chosen = [each.partition(" ")[::2] for each in ask.form.all("device")]
    devices = [{"user": user, "device_id": device_id} for user, device_id in chosen]
    wanted = body(Choice, {"devices": devices, "reason": ask.form.text("reason")})
    settled = ask.call(act, organisation=organisation, body=wanted).items
    failed = [each for each in settled if each.problem]
    return _queue(ask, organisation, failed=failed) if failed else ask.to(place(organisation))


def place(organisation: str) -> str:
    """Where the queue is."""
    return f"/console/o/{organisation}/quarantine"

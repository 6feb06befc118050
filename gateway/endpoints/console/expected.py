"""Devices that are decided about before anybody has seen them (product 6.2): a new phone that is let in on
its first day, a lost one that is kept out should it ever call.
"""

from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from gateway.endpoints.api.rules import Override, list_expected, put_override, remove_override
from gateway.endpoints.console.asking import Ask, opens, or_again
from gateway.endpoints.console.operations import body
from gateway.endpoints.forms import Form
from gateway.errors import GatewayError
from mdm.device import AccessLevel

router = APIRouter(prefix="/o/{organisation}/expected")


def _list(ask: Ask, organisation: str, problem: GatewayError | None = None) -> Response:
    home = ask.organisation(organisation)
    return ask.page(
        "expected.html",
        home=home,
        found=ask.call(list_expected, organisation=home.id).items,
        levels=ask.pairs(each.value for each in AccessLevel),
        place=place(home.alias),
        problem=problem,
        can_decide=ask.may(put_override, home.id),
    )


@router.get("")
def expected(organisation: str, ask: Annotated[Ask, opens(list_expected)]) -> Response:
    """Overrides that wait for their devices."""
    return _list(ask, organisation)


@router.post("")
@or_again(_list)
def expect(organisation: str, ask: Annotated[Ask, opens(put_override)]) -> Response:
    """Decide about a device by the DeviceId that it will have."""
    wanted = body(Override, _decision(ask.form))
    ask.call(put_override, organisation=organisation, **_device(ask.form), body=wanted)
    return ask.to(place(organisation))


@router.post("/forget")
@or_again(_list)
def forget(organisation: str, ask: Annotated[Ask, opens(remove_override)]) -> Response:
    """Let the rules decide about it when it comes."""
    ask.call(remove_override, organisation=organisation, **_device(ask.form))
    return ask.to(place(organisation))


def place(organisation: str) -> str:
    """Where expected devices are."""
    return f"/console/o/{organisation}/expected"


def _device(form: Form) -> dict[str, str]:
    return {name: form.text(name).strip() for name in ("user", "device_id")}


def _decision(form: Form) -> dict[str, Any]:
    """A day that is given as the end is over when it is over in Greenwich."""
    until = form.text("until")
    return {**form.given("level", "reason"), **({"until": f"{until}T23:59:59Z"} if until else {})}

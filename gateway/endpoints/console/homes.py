"""Organisations, their settings and their safeguards (product 1, 5.5, 5.7, 7.2)."""

from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from gateway.endpoints.api.organisations import (
    Changes,
    NewOrganisation,
    Removal,
    change_organisation,
    create_organisation,
    get_organisation,
    list_organisations,
    remove_organisation,
)
from gateway.endpoints.api.safeguards import (
    Because,
    change_safeguards,
    freeze_wipes,
    get_safeguards,
    lift_freeze,
)
from gateway.endpoints.api.safeguards import Changes as SafeguardsChanges
from gateway.endpoints.console.asking import Ask, opens, or_again
from gateway.endpoints.console.operations import body, query
from gateway.errors import GatewayError
from gateway.records import OrganisationState, Signal, UserSource
from mdm.device import AccessLevel

router = APIRouter()

TEXTS = ("name", "state", "user_source", "backend", "provisioning_signal", "default_access")
SWITCHES = ("legacy_versions", "strict_absent_key")
GUARDING = ("approve_full_wipes", "never_full_wipe", "hold_enrolment")
NUMBERS = (
    "wipes_per_hour",
    "wipes_per_day_percent",
    "stale_days",
    "archive_days",
    "archive_wiped_days",
    "rollout_minutes",
    "rollout_per_minute",
    "quarantine_days",
)
CHOICES = {
    "state": [each.value for each in OrganisationState],
    "user_source": [each.value for each in UserSource],
    "provisioning_signal": [each.value for each in Signal],
    "default_access": [each.value for each in AccessLevel],
}
ACTS = (change_organisation, change_safeguards, freeze_wipes, lift_freeze, remove_organisation)


def _list(ask: Ask, problem: GatewayError | None = None) -> Response:
    return ask.page(
        "organisations.html",
        found=ask.organisations,
        problem=problem,
        can_create=ask.may(create_organisation),
    )


def _settings(ask: Ask, organisation: str, problem: GatewayError | None = None) -> Response:
    home = ask.organisation(organisation)
    return ask.page(
        "settings.html",
        home=home,
        guards=ask.call(get_safeguards, organisation=home.id),
        choices=CHOICES,
        guarding=GUARDING,
        numbers=NUMBERS,
        problem=problem,
        can=ask.can(ACTS, home.id),
    )


@router.get("/organisations")
def organisations(ask: Annotated[Ask, opens(list_organisations)]) -> Response:
    """All organisations within reach."""
    return _list(ask)


@router.post("/organisations")
@or_again(_list)
def create(ask: Annotated[Ask, opens(create_organisation)]) -> Response:
    """Make an organisation."""
    wanted = body(NewOrganisation, ask.form.given("alias", "name", "user_source", "backend"))
    made = ask.call(create_organisation, body=wanted)
    return ask.to(place(made.alias))


@router.get("/o/{organisation}/settings")
def settings(organisation: str, ask: Annotated[Ask, opens(get_organisation)]) -> Response:
    """How the organisation is served, and what guards its devices."""
    return _settings(ask, organisation)


@router.post("/o/{organisation}/settings")
@or_again(_settings)
def change(organisation: str, ask: Annotated[Ask, opens(change_organisation)]) -> Response:
    """Change how it is served."""
    wanted: dict[str, Any] = {name: ask.form.text(name) for name in TEXTS if ask.form.has(name)}
    wanted |= {name: ask.form.has(name) for name in SWITCHES}
    wanted |= _numbers(ask, ("device_limit",))
    ask.call(change_organisation, organisation=organisation, body=body(Changes, wanted))
    return ask.to(place(organisation))


@router.post("/o/{organisation}/safeguards")
@or_again(_settings)
def guard(organisation: str, ask: Annotated[Ask, opens(change_safeguards)]) -> Response:
    """Change what guards its devices."""
    wanted: dict[str, Any] = {name: ask.form.has(name) for name in GUARDING}
    wanted |= _numbers(ask, NUMBERS)
    ask.call(change_safeguards, organisation=organisation, body=body(SafeguardsChanges, wanted))
    return ask.to(place(organisation))


@router.post("/o/{organisation}/freeze")
@or_again(_settings)
def freeze(organisation: str, ask: Annotated[Ask, opens(freeze_wipes)]) -> Response:
    """Let nothing be wiped until somebody lifts it."""
    ask.call(freeze_wipes, organisation=organisation, body=body(Because, ask.form.given("reason")))
    return ask.to(place(organisation))


@router.post("/o/{organisation}/lift")
@or_again(_settings)
def lift(organisation: str, ask: Annotated[Ask, opens(lift_freeze)]) -> Response:
    """Let wipes be ordered again."""
    ask.call(lift_freeze, organisation=organisation, body=body(Because, ask.form.given("reason")))
    return ask.to(place(organisation))


@router.post("/o/{organisation}/remove")
@or_again(_settings)
def remove(organisation: str, ask: Annotated[Ask, opens(remove_organisation)]) -> Response:
    """Remove the organisation with all that it has."""
    wanted = query(Removal, {"alias": ask.form.text("alias"), "force": ask.form.has("force")})
    ask.call(remove_organisation, organisation=organisation, query=wanted)
    return ask.to("/console/organisations")


def place(organisation: str) -> str:
    """Where an organisation's settings are."""
    return f"/console/o/{organisation}/settings"


def _numbers(ask: Ask, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: ask.form.number(name) for name in names if ask.form.text(name).strip()}

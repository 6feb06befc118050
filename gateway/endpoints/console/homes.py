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
from gateway.endpoints.console.asking import ALL, Ask, opens
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


@router.get("/organisations")
def organisations(ask: Annotated[Ask, opens(list_organisations)]) -> Response:
    """All organisations within reach."""
    return _list(ask)


@router.post("/organisations")
def create(ask: Annotated[Ask, opens(create_organisation)]) -> Response:
    """Make an organisation."""
    try:
        wanted = body(NewOrganisation, ask.form.given("alias", "name", "user_source", "backend"))
        made = ask.call(create_organisation, body=wanted)
    except GatewayError as error:
        return _list(ask, error)
    return ask.to(place(made.alias))


@router.get("/o/{organisation}/settings")
def settings(organisation: str, ask: Annotated[Ask, opens(get_organisation)]) -> Response:
    """How the organisation is served, and what guards its devices."""
    return _settings(ask, organisation)


@router.post("/o/{organisation}/settings")
def change(organisation: str, ask: Annotated[Ask, opens(change_organisation)]) -> Response:
    """Change how it is served."""
    wanted: dict[str, Any] = {name: ask.form.text(name) for name in TEXTS if ask.form.has(name)}
    wanted |= {name: ask.form.has(name) for name in SWITCHES}
    wanted |= _numbers(ask, ("device_limit",))
    return _done(ask, organisation, change_organisation, body=lambda: body(Changes, wanted))


@router.post("/o/{organisation}/safeguards")
def guard(organisation: str, ask: Annotated[Ask, opens(change_safeguards)]) -> Response:
    """Change what guards its devices."""
    wanted: dict[str, Any] = {name: ask.form.has(name) for name in GUARDING}
    wanted |= _numbers(ask, NUMBERS)
    return _done(ask, organisation, change_safeguards, body=lambda: body(SafeguardsChanges, wanted))


@router.post("/o/{organisation}/freeze")
def freeze(organisation: str, ask: Annotated[Ask, opens(freeze_wipes)]) -> Response:
    """Let nothing be wiped until somebody lifts it."""
    return _done(ask, organisation, freeze_wipes, body=lambda: body(Because, ask.form.given("reason")))


@router.post("/o/{organisation}/lift")
def lift(organisation: str, ask: Annotated[Ask, opens(lift_freeze)]) -> Response:
    """Let wipes be ordered again."""
    return _done(ask, organisation, lift_freeze, body=lambda: body(Because, ask.form.given("reason")))


@router.post("/o/{organisation}/remove")
def remove(organisation: str, ask: Annotated[Ask, opens(remove_organisation)]) -> Response:
    """Remove the organisation with all that it has."""
    try:
        wanted = query(Removal, {"alias": ask.form.text("alias"), "force": ask.form.has("force")})
        ask.call(remove_organisation, organisation=organisation, query=wanted)
    except GatewayError as error:
        return _settings(ask, organisation, error)
    return ask.to("/console/organisations")


def place(organisation: str) -> str:
    """Where an organisation's settings are."""
    return f"/console/o/{organisation}/settings"


def _numbers(ask: Ask, names: tuple[str, ...]) -> dict[str, Any]:
    """Numbers as numbers; what is none stays a text, so that the API names it."""
    given = {name: ask.form.text(name).strip() for name in names if ask.form.text(name).strip()}
    return {name: int(text) if text.isdecimal() else text for name, text in given.items()}


def _done(ask: Ask, organisation: str, act: Any, *, body: Any) -> Response:
    try:
        ask.call(act, organisation=organisation, body=body())
    except GatewayError as error:
        return _settings(ask, organisation, error)
    return ask.to(place(organisation))


def _list(ask: Ask, problem: GatewayError | None = None) -> Response:
    return ask.page(
        "organisations.html",
        400 if problem else 200,
        home=None,
        found=ask.call(list_organisations, query=ALL).items,
        problem=problem,
        form=ask.form,
        can_create=ask.may(create_organisation),
    )


def _settings(ask: Ask, organisation: str, problem: GatewayError | None = None) -> Response:
    home = ask.organisation(organisation)
    return ask.page(
        "settings.html",
        400 if problem else 200,
        home=home,
        guards=ask.call(get_safeguards, organisation=home.id),
        choices=CHOICES,
        pairs=ask.pairs,
        guarding=GUARDING,
        numbers=NUMBERS,
        problem=problem,
        can={each.__name__: ask.may(each, home.id) for each in ACTS},
    )

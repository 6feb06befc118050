"""Users and their place (product 1, 7.2): the list, a person with all devices, and what can be changed."""

from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from gateway.endpoints.api.app_passwords import list_app_passwords, revoke_app_password
from gateway.endpoints.api.device_queries import DeviceQuery
from gateway.endpoints.api.devices import list_devices
from gateway.endpoints.api.jobs import Departure, offboard_user
from gateway.endpoints.api.profile_links import create_profile_link
from gateway.endpoints.api.users import (
    Changes,
    NewUser,
    change_user,
    create_user,
    get_place,
    get_user,
    list_users,
    remove_user,
)
from gateway.endpoints.console.asking import Ask, opens, or_again
from gateway.endpoints.console.operations import body
from gateway.errors import GatewayError
from gateway.records import DETAILS
from gateway.services.offboarding import DEFAULT_WAIT

router = APIRouter(prefix="/o/{organisation}/users")

ACTS = (change_user, remove_user, offboard_user, create_profile_link, revoke_app_password)
DAY_S = 24 * 3600
PLAIN = ("display_name", "state", "first_name", "last_name", "backend", "moved_to")


def _list(ask: Ask, organisation: str, problem: GatewayError | None = None) -> Response:
    home = ask.organisation(organisation)
    return ask.page(
        "users.html",
        home=home,
        found=ask.call(list_users, organisation=home.id, query=ask.paged()),
        problem=problem,
        can_create=ask.may(create_user, home.id),
    )


def person(ask: Ask, organisation: str, user: str, problem: GatewayError | None = None) -> Response:
    """The page of a person as things are now, with why the last thing was refused."""
    home = ask.organisation(organisation)
    known = ask.call(get_user, organisation=home.id, user=user)
    devices = ask.call(list_devices, organisation=home.id, query=DeviceQuery(user=known.id)).items
    return ask.page(
        "user.html",
        home=home,
        person=known,
        where=ask.call(get_place, organisation=home.id, user=known.id),
        devices=devices,
        app_passwords=ask.call(list_app_passwords, organisation=home.id, user=known.id),
        details=DETAILS,
        days=DEFAULT_WAIT.days,
        place=place(home.alias, known.id),
        problem=problem,
        can=ask.can(ACTS, home.id),
    )


@router.get("")
def users(organisation: str, ask: Annotated[Ask, opens(list_users)]) -> Response:
    """The people of an organisation."""
    return _list(ask, organisation)


@router.post("")
@or_again(_list)
def create(organisation: str, ask: Annotated[Ask, opens(create_user)]) -> Response:
    """Make a user."""
    wanted = body(NewUser, ask.form.given("address", "display_name", "password"))
    made = ask.call(create_user, organisation=organisation, body=wanted)
    return ask.to(place(organisation, made.id))


@router.get("/{user}")
def user(organisation: str, user: str, ask: Annotated[Ask, opens(get_user)]) -> Response:
    """One person."""
    return person(ask, organisation, user)


@router.post("/{user}")
@or_again(person)
def change(organisation: str, user: str, ask: Annotated[Ask, opens(change_user)]) -> Response:
    """Change what the form shows."""
    ask.call(change_user, organisation=organisation, user=user, body=body(Changes, _wanted(ask)))
    return ask.to(place(organisation, user))


@router.post("/{user}/remove")
@or_again(person)
def remove(organisation: str, user: str, ask: Annotated[Ask, opens(remove_user)]) -> Response:
    """Remove a user with all devices."""
    ask.call(remove_user, organisation=organisation, user=user)
    return ask.to(f"/console/o/{organisation}/users")


@router.post("/{user}/offboard")
@or_again(person)
def offboard(organisation: str, user: str, ask: Annotated[Ask, opens(offboard_user)]) -> Response:
    """Wipe all devices, wait for them, block, disable and report: one job."""
    days = ask.form.number("days")
    wait = days * DAY_S if isinstance(days, int) else days
    wanted = body(Departure, {**ask.form.given("kind", "reason"), "wait_s": wait})
    job = ask.call(offboard_user, organisation=organisation, user=user, body=wanted)
    return ask.to(f"/console/o/{organisation}/jobs/{job.id}")


def place(organisation: str, user: str) -> str:
    """Where a person's page is."""
    return f"/console/o/{organisation}/users/{user}"


def _wanted(ask: Ask) -> dict[str, Any]:
    """What the forms of the page send: each only what it is about, so that it leaves the rest alone."""
    form = ask.form
    wanted: dict[str, Any] = {name: form.text(name) for name in PLAIN if form.has(name)}
    if form.text("password"):
        wanted["password"] = form.text("password")
    if form.has("aliases"):
        wanted["aliases"] = form.text("aliases").split()
    if form.has("details"):
        wanted["details"] = {name: form.text(f"details.{name}") for name in DETAILS}
        wanted["only_listed"] = form.has("only_listed")
    return wanted

"""Administrators (product 7.6, 7.7): who may what, and where."""

from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from gateway.endpoints.api.administrator_views import AppointmentBody
from gateway.endpoints.api.administrators import (
    AccountChanges,
    NewAccount,
    PasswordBody,
    SamePerson,
    appoint_administrator,
    change_administrator,
    create_administrator,
    dismiss_administrator,
    get_administrator,
    link_administrator,
    list_administrators,
    remove_administrator,
    reset_second_factor,
    set_administrator_password,
    unlink_administrator,
)
from gateway.endpoints.console.asking import ALL, Ask, opens, or_again
from gateway.endpoints.console.operations import body
from gateway.endpoints.forms import Form
from gateway.errors import GatewayError
from gateway.records.authority import Role

router = APIRouter()

ONE = "/administrators/{administrator}"
PLAIN = ("display_name", "address", "state")
ROLES = [each.value for each in Role]


def _list(ask: Ask, problem: GatewayError | None = None) -> Response:
    return ask.page(
        "administrators.html",
        found=ask.call(list_administrators, query=ask.paged()),
        roles=ask.pairs(ROLES),
        problem=problem,
        can_create=ask.may(create_administrator),
    )


def _account(ask: Ask, administrator: str, problem: GatewayError | None = None) -> Response:
    known = ask.call(get_administrator, administrator=administrator)
    accounts = ask.call(list_administrators, query=ALL).items
    return ask.page(
        "administrator.html",
        account=known,
        same=[each for each in accounts if each.person == known.person and each.id != known.id],
        roles=ask.pairs(ROLES),
        place=place(known.name),
        problem=problem,
        can_change=ask.may(change_administrator),
    )


@router.get("/administrators")
def administrators(ask: Annotated[Ask, opens(list_administrators)]) -> Response:
    """The accounts within reach."""
    return _list(ask)


@router.post("/administrators")
@or_again(_list)
def create(ask: Annotated[Ask, opens(create_administrator)]) -> Response:
    """Make an account with its first appointment."""
    plain = ask.form.given("name", "display_name", "address", "password")
    wanted = body(NewAccount, {**plain, "appointments": [_appointment(ask.form)]})
    made = ask.call(create_administrator, body=wanted)
    return ask.to(place(made.name))


@router.get(ONE)
def administrator(administrator: str, ask: Annotated[Ask, opens(get_administrator)]) -> Response:
    """One account."""
    return _account(ask, administrator)


@router.post(ONE)
@or_again(_account)
def change(administrator: str, ask: Annotated[Ask, opens(change_administrator)]) -> Response:
    """Change names, mail address or state."""
    wanted = {name: ask.form.text(name) for name in PLAIN if ask.form.has(name)}
    ask.call(change_administrator, administrator=administrator, body=body(AccountChanges, wanted))
    return ask.to(place(administrator))


@router.post(ONE + "/password")
@or_again(_account)
def password(administrator: str, ask: Annotated[Ask, opens(set_administrator_password)]) -> Response:
    """Give another account a password."""
    wanted = body(PasswordBody, {"password": ask.form.text("password")})
    ask.call(set_administrator_password, administrator=administrator, body=wanted)
    return ask.to(place(administrator))


@router.post(ONE + "/reset")
@or_again(_account)
def reset(administrator: str, ask: Annotated[Ask, opens(reset_second_factor)]) -> Response:
    """Take a lost second factor away."""
    ask.call(reset_second_factor, administrator=administrator)
    return ask.to(place(administrator))


@router.post(ONE + "/appoint")
@or_again(_account)
def appoint(administrator: str, ask: Annotated[Ask, opens(appoint_administrator)]) -> Response:
    """Give a role within a scope."""
    wanted = body(AppointmentBody, _appointment(ask.form))
    ask.call(appoint_administrator, administrator=administrator, body=wanted)
    return ask.to(place(administrator))


@router.post(ONE + "/dismiss")
@or_again(_account)
def dismiss(administrator: str, ask: Annotated[Ask, opens(dismiss_administrator)]) -> Response:
    """Take a role away."""
    wanted = body(AppointmentBody, _appointment(ask.form))
    ask.call(dismiss_administrator, administrator=administrator, body=wanted)
    return ask.to(place(administrator))


@router.post(ONE + "/person")
@or_again(_account)
def link(administrator: str, ask: Annotated[Ask, opens(link_administrator)]) -> Response:
    """Say whose second account it is."""
    wanted = body(SamePerson, {"administrator": ask.form.text("same_as")})
    ask.call(link_administrator, administrator=administrator, body=wanted)
    return ask.to(place(administrator))


@router.post(ONE + "/person/own")
@or_again(_account)
def unlink(administrator: str, ask: Annotated[Ask, opens(unlink_administrator)]) -> Response:
    """Say that it belongs to a person of its own."""
    ask.call(unlink_administrator, administrator=administrator)
    return ask.to(place(administrator))


@router.post(ONE + "/remove")
@or_again(_account)
def remove(administrator: str, ask: Annotated[Ask, opens(remove_administrator)]) -> Response:
    """Remove an account with its tokens and sessions."""
    ask.call(remove_administrator, administrator=administrator)
    return ask.to("/console/administrators")


def place(administrator: str) -> str:
    """Where an account's page is."""
    return f"/console/administrators/{administrator}"


def _appointment(form: Form) -> dict[str, Any]:
    return {**form.given("role", "organisation", "domain", "group"), "full_wipe": form.has("full_wipe")}

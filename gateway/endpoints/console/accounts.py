"""Administrators and API tokens (product 7.6, 7.7): who may what, where, and what acts for them.

A secret is shown once, on the page that answers its making, which no browser keeps.
"""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from gateway.endpoints.api.administrator_views import AppointmentBody
from gateway.endpoints.api.administrators import (
    AccountChanges,
    NewAccount,
    PasswordBody,
    appoint_administrator,
    change_administrator,
    create_administrator,
    dismiss_administrator,
    get_administrator,
    list_administrators,
    remove_administrator,
    reset_second_factor,
    set_administrator_password,
)
from gateway.endpoints.api.calls import Page
from gateway.endpoints.api.tokens import NewToken, TokenFilter, list_tokens, mint_token, revoke_token
from gateway.endpoints.console.asking import Ask, opens
from gateway.endpoints.console.operations import body, query
from gateway.endpoints.forms import Form
from gateway.errors import GatewayError
from gateway.records.authority import Permission, Role

router = APIRouter()

ONE = "/administrators/{administrator}"
PLAIN = ("display_name", "address", "state")
ROLES = [each.value for each in Role]
PERMISSIONS = sorted(each.value for each in Permission)


@router.get("/administrators")
def administrators(ask: Annotated[Ask, opens(list_administrators)]) -> Response:
    """The accounts within reach."""
    return _list(ask)


@router.post("/administrators")
def create(ask: Annotated[Ask, opens(create_administrator)]) -> Response:
    """Make an account with its first appointment."""
    try:
        plain = ask.form.given("name", "display_name", "address", "password")
        wanted = body(NewAccount, {**plain, "appointments": [_appointment(ask.form)]})
        made = ask.call(create_administrator, body=wanted)
    except GatewayError as error:
        return _list(ask, error)
    return ask.to(place(made.name))


@router.get(ONE)
def administrator(administrator: str, ask: Annotated[Ask, opens(get_administrator)]) -> Response:
    """One account."""
    return _account(ask, administrator)


@router.post(ONE)
def change(administrator: str, ask: Annotated[Ask, opens(change_administrator)]) -> Response:
    """Change names, mail address or state."""
    wanted = {name: ask.form.text(name) for name in PLAIN if ask.form.has(name)}
    return _done(ask, administrator, change_administrator, lambda: body(AccountChanges, wanted))


@router.post(ONE + "/password")
def password(administrator: str, ask: Annotated[Ask, opens(set_administrator_password)]) -> Response:
    """Give another account a password."""
    given = {"password": ask.form.text("password")}
    return _done(ask, administrator, set_administrator_password, lambda: body(PasswordBody, given))


@router.post(ONE + "/reset")
def reset(administrator: str, ask: Annotated[Ask, opens(reset_second_factor)]) -> Response:
    """Take a lost second factor away."""
    return _done(ask, administrator, reset_second_factor, None)


@router.post(ONE + "/appoint")
def appoint(administrator: str, ask: Annotated[Ask, opens(appoint_administrator)]) -> Response:
    """Give a role within a scope."""
    wanted = partial(body, AppointmentBody, _appointment(ask.form))
    return _done(ask, administrator, appoint_administrator, wanted)


@router.post(ONE + "/dismiss")
def dismiss(administrator: str, ask: Annotated[Ask, opens(dismiss_administrator)]) -> Response:
    """Take a role away."""
    wanted = partial(body, AppointmentBody, _appointment(ask.form))
    return _done(ask, administrator, dismiss_administrator, wanted)


@router.post(ONE + "/remove")
def remove(administrator: str, ask: Annotated[Ask, opens(remove_administrator)]) -> Response:
    """Remove an account with its tokens and sessions."""
    try:
        ask.call(remove_administrator, administrator=administrator)
    except GatewayError as error:
        return _account(ask, administrator, error)
    return ask.to("/console/administrators")


@router.get("/tokens")
def tokens(ask: Annotated[Ask, opens(list_tokens)]) -> Response:
    """One's own tokens."""
    return _tokens(ask)


@router.post("/tokens")
def mint(ask: Annotated[Ask, opens(mint_token)]) -> Response:
    """Make a token; the answer shows it once."""
    form = ask.form
    wanted: dict[str, Any] = {
        "label": form.text("label"),
        "expires_at": f"{form.text('expires_at')}T00:00:00Z",
        "permissions": form.all("permission"),
        "networks": form.text("networks").split(),
        "destructive": form.has("destructive"),
    }
    try:
        minted = ask.call(mint_token, body=body(NewToken, wanted))
    except GatewayError as error:
        return _tokens(ask, error)
    return ask.page("minted.html", home=None, minted=minted)


@router.post("/tokens/{token}/revoke")
def revoke(token: str, ask: Annotated[Ask, opens(revoke_token)]) -> Response:
    """Take a token back for good."""
    ask.call(revoke_token, token=token)
    return ask.to("/console/tokens")


def place(administrator: str) -> str:
    """Where an account's page is."""
    return f"/console/administrators/{administrator}"


def _appointment(form: Form) -> dict[str, Any]:
    return {**form.given("role", "organisation", "domain", "group"), "full_wipe": form.has("full_wipe")}


def _done(ask: Ask, administrator: str, act: Any, wanted: Any) -> Response:
    try:
        given = {"body": wanted()} if wanted else {}
        ask.call(act, administrator=administrator, **given)
    except GatewayError as error:
        return _account(ask, administrator, error)
    return ask.to(place(administrator))


def _list(ask: Ask, problem: GatewayError | None = None) -> Response:
    page = query(Page, {"cursor": ask.query.get("cursor")})
    return ask.page(
        "administrators.html",
        400 if problem else 200,
        home=None,
        found=ask.call(list_administrators, query=page),
        roles=ask.pairs(ROLES),
        problem=problem,
        form=ask.form,
        can_create=ask.may(create_administrator),
    )


def _account(ask: Ask, administrator: str, problem: GatewayError | None = None) -> Response:
    known = ask.call(get_administrator, administrator=administrator)
    return ask.page(
        "administrator.html",
        400 if problem else 200,
        home=None,
        account=known,
        roles=ask.pairs(ROLES),
        place=place(known.name),
        problem=problem,
        form=ask.form,
        can_change=ask.may(change_administrator),
    )


def _tokens(ask: Ask, problem: GatewayError | None = None) -> Response:
    authority = ask.operations.authority
    return ask.page(
        "tokens.html",
        400 if problem else 200,
        home=None,
        found=ask.call(list_tokens, query=TokenFilter()).items if authority.account else [],
        permissions=[each for each in PERMISSIONS if authority.holds(Permission(each))],
        problem=problem,
        form=ask.form,
    )

"""``/me`` of the REST API (product 7.7): who asks, what they may do, their own password and second factor.

What changes the account takes a session; a second factor and recovery codes take one that was confirmed a
moment ago.
"""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from gateway.endpoints.api.administrator_views import (
    AdministratorView,
    AppointmentView,
    NewPassword,
    Typed,
    administrator_view,
    appointment_view,
)
from gateway.endpoints.api.calls import Bearer, Body, With, needs
from gateway.endpoints.api.sessions import signed_in
from gateway.endpoints.api.signposts import SHOWN_ONCE
from gateway.records import Actor
from gateway.records.authority import Permission

router = APIRouter(prefix="/me", tags=["me"])

Self = Annotated[Actor, needs(Permission.SELF)]
Confirmed = Annotated[Actor, needs(Permission.SELF, destructive=True)]


class NewOwnPassword(Body):
    """The present password, and the one that takes its place."""

    present: Typed = Field(repr=False)
    new: NewPassword = Field(repr=False)


class CodeBody(Body):
    """What the authenticator shows now."""

    code: Typed = Field(repr=False)


class MeView(BaseModel):
    """Who asks.

    ``permissions`` is what may be done anywhere at all, ``confirmed`` whether a destructive act may follow,
    ``account`` the account itself, null for the machine's own token.
    """

    name: str
    person: str
    credential: str
    confirmed: bool
    permissions: list[Permission]
    appointments: list[AppointmentView]
    account: AdministratorView | None


class OfferView(BaseModel):
    """A secret for an authenticator, as text and as the URI of its picture; shown this once."""

    secret: str = Field(repr=False)
    uri: str = Field(repr=False)


class CodesView(BaseModel):
    """Recovery codes, each good for one sign-in; shown this once."""

    recovery_codes: list[str] = Field(repr=False)


@router.get("")
def who_am_i(use: With, _actor: Self, bearer: Bearer) -> MeView:
    """Who you are, and what you may do."""
    authority = bearer.authority
    account = use.own_account.get(authority.account) if authority.account else None
    return MeView(
        name=authority.name,
        person=authority.person,
        credential=authority.credential,
        confirmed=authority.confirmed,
        permissions=[each for each in Permission if authority.holds(each)],
        appointments=[appointment_view(each) for each in authority.appointments],
        account=administrator_view(account) if account else None,
    )


@router.put("/password")
def change_own_password(body: NewOwnPassword, use: With, actor: Self, bearer: Bearer) -> AdministratorView:
    """Change your password; all your other sessions end."""
    signed_in(bearer)
    account = bearer.authority.account
    return administrator_view(use.own_account.change_password(actor, account, body.present, body.new))


@router.post("/second-factor", openapi_extra=SHOWN_ONCE)
def offer_second_factor(use: With, actor: Confirmed, bearer: Bearer) -> OfferView:
    """Draw a secret for your authenticator; it counts once a code of it was shown."""
    signed_in(bearer)
    offer = use.own_account.offer_second_factor(actor, bearer.authority.account)
    return OfferView(secret=offer.secret, uri=offer.uri)


@router.post("/second-factor/confirm", openapi_extra=SHOWN_ONCE)
def enrol_second_factor(body: CodeBody, use: With, actor: Confirmed, bearer: Bearer) -> CodesView:
    """Show a code of the offered secret: it is your second factor from now on."""
    signed_in(bearer)
    enrolled = use.own_account.enrol(actor, bearer.authority.account, body.code)
    return CodesView(recovery_codes=list(enrolled.recovery_codes))


@router.post("/recovery-codes", openapi_extra=SHOWN_ONCE)
def renew_recovery_codes(use: With, actor: Confirmed, bearer: Bearer) -> CodesView:
    """Ten new recovery codes in place of those that are left."""
    signed_in(bearer)
    enrolled = use.own_account.renew_recovery_codes(actor, bearer.authority.account)
    return CodesView(recovery_codes=list(enrolled.recovery_codes))

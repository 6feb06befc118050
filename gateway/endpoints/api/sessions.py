"""``/sessions`` of the REST API (product 7.7; T24): signing in, one's own sessions, showing oneself again.

``POST /sessions`` is the one route that is reached without a token (``gateway.endpoints.administration``), as
nobody, who may do nothing else. It spends processor time for strangers, so few are done at once.
"""

from functools import partial
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from gateway.endpoints.api.administrator_views import SessionView, Typed, session_view
from gateway.endpoints.api.calls import Asking, Bearer, Body, With, needs
from gateway.endpoints.api.signposts import SHOWN_ONCE
from gateway.endpoints.few_at_once import FewAtOnce
from gateway.errors import GatewayError, Kind
from gateway.records import Actor
from gateway.records.authority import Permission
from gateway.services.drawn_secrets import is_session
from gateway.services.opening import strong

router = APIRouter(prefix="/sessions", tags=["sessions"])

Stranger = Annotated[Actor, needs(Permission.SIGN_IN)]
Self = Annotated[Actor, needs(Permission.SELF)]

AT_ONCE = 2
"""Sign-ins whose password is verified at the same time: 19 MiB and a processor each."""

MAXIMUM_WAITING = 50

_entering = FewAtOnce(AT_ONCE, MAXIMUM_WAITING)


class Credentials(Body):
    """Name and password, and the six digits of the authenticator or a recovery code."""

    name: Typed
    password: Typed = Field(repr=False)
    code: Typed = Field(default="", repr=False)


class Proof(Body):
    """The six digits again; the password where there is no second factor."""

    password: Typed = Field(default="", repr=False)
    code: Typed = Field(default="", repr=False)


class SignedInView(BaseModel):
    """A fresh session; ``token`` is what to show as bearer, and is shown this once.

    ``enrol``: nothing but ``/me`` is open before a second factor was enrolled; ``renew``: before the password
    was changed.
    """

    token: str = Field(repr=False)
    session: SessionView
    name: str
    enrol: bool
    renew: bool


class SessionList(BaseModel):
    """One's own sessions, the oldest first."""

    items: list[SessionView]


@router.post("", status_code=201, openapi_extra=SHOWN_ONCE)
async def sign_in(body: Credentials, use: With, actor: Stranger) -> SignedInView:
    """Sign in: needs no token. Whatever is wrong, the answer is the same."""
    enter = partial(use.signing_in.sign_in, actor, body.name, body.password, body.code)
    signed = await _entering.run(enter)
    limits = use.recognition.limits_of(signed.account, signed.session)
    return SignedInView(
        token=signed.secret,
        session=session_view(signed.session, signed.session.id),
        name=signed.account.name,
        enrol=limits is not None and not strong(signed.account, signed.session),
        renew=signed.account.password_until is not None,
    )


@router.get("")
def list_sessions(use: With, _actor: Self, bearer: Bearer) -> SessionList:
    """Where you are signed in."""
    authority = bearer.authority
    found = use.signing_in.sessions(authority.account)
    return SessionList(items=[session_view(each, authority.credential) for each in found])


@router.post("/current/confirm")
def confirm_session(body: Proof, use: With, actor: Self, bearer: Bearer) -> SessionView:
    """Show a code again, or the password where there is no second factor; it holds for five minutes."""
    session = signed_in(bearer)
    confirmed = use.signing_in.confirm(actor, session, password=body.password, code=body.code)
    return session_view(confirmed, session)


@router.delete("/{session}", status_code=204)
def end_session(session: str, use: With, actor: Self, bearer: Bearer) -> None:
    """Sign out, here (``current``) or where the session is."""
    wanted = signed_in(bearer) if session == "current" else session
    use.signing_in.end(actor, bearer.authority.account, wanted)


def signed_in(bearer: Asking) -> str:
    """The session that asks; GatewayError FORBIDDEN for a token, which is no person."""
    if not is_session(bearer.authority.credential):
        raise GatewayError(Kind.FORBIDDEN, "Sign in for this; a token cannot do it.")
    return bearer.authority.credential

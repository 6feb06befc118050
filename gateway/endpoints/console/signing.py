"""Signing in, out and one's own account in the console (product 7.7; T24).

A session begins with a cookie that did not exist before, so none that was planted becomes one. Where the
second factor is not enrolled, or a recovery password has to be renewed, signing in leads to one's account.
"""

from typing import Annotated
from urllib.parse import urlsplit

from anyio.to_thread import run_sync
from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from gateway.endpoints.api.me import (
    CodeBody,
    NewOwnPassword,
    change_own_password,
    enrol_second_factor,
    offer_second_factor,
    renew_recovery_codes,
    who_am_i,
)
from gateway.endpoints.api.problems import log_verdict
from gateway.endpoints.api.sessions import Credentials, end_session, list_sessions, sign_in
from gateway.endpoints.console.asking import Ask, opens, or_again
from gateway.endpoints.console.gate import SIGN_IN, set_cookie
from gateway.endpoints.console.operations import body
from gateway.endpoints.console.passkey_operations import list_passkeys
from gateway.endpoints.console.provider_operations import anybody_there, provider_offered
from gateway.endpoints.console.qr_codes import qr_code
from gateway.endpoints.console.wording import languages
from gateway.endpoints.rendering import REST
from gateway.endpoints.wording import LANGUAGE
from gateway.errors import GatewayError

router = APIRouter()

HOME, ME = "/console/", "/console/me"
DAY_S = 24 * 3600
"""Seconds that a browser keeps the cookie; the session ends before, by its own rules."""

YEAR_S = 365 * DAY_S


def local(target: str) -> str:
    """Where to go on: a page of the console and nothing else, whatever an address asks for."""
    parts = urlsplit(target)
    plain = not (parts.scheme or parts.netloc) and target.isprintable() and "\\" not in target
    return target if plain and parts.path.startswith(HOME) and not target.startswith("//") else HOME


def sign_in_with(ask: Ask, problem: GatewayError | None = None, *, bare: bool = False) -> Response:
    """The sign-in page, with what was wrong; ``bare``: nothing was shown that could have been right."""
    following = ask.form.text("next") or ask.query.get("next", "")
    if problem is not None:
        log_verdict(ask.request.scope, problem, bare=bare)
    return ask.page(
        "sign_in.html",
        REST[problem.kind] if problem else 200,
        problem=problem,
        # A password and what goes with it have one answer, whatever was wrong.
        said=ask.request.url.path != SIGN_IN,
        provider=ask.call(provider_offered),
        anybody=ask.call(anybody_there),
        next=local(following),
        name=ask.form.text("name"),
    )


def own_page(ask: Ask, problem: GatewayError | None = None) -> Response:
    """One's own account, with what was wrong."""
    known = ask.call(who_am_i)
    return ask.page(
        "me.html",
        me=known,
        sessions=ask.call(list_sessions).items if known.account else [],
        languages=list(languages().values()),
        passkeys=ask.call(list_passkeys) if known.account else [],
        problem=problem,
    )


@router.get("/sign-in")
def sign_in_page(ask: Annotated[Ask, opens(sign_in)]) -> Response:
    """The one page for anybody."""
    return sign_in_with(ask)


@router.post("/sign-in")
async def signed_in(ask: Annotated[Ask, opens(sign_in)]) -> Response:
    """Open a session, and go on where somebody wanted to go."""
    shown = {name: ask.form.text(name) for name in ("name", "password", "code")}
    try:
        session = await ask.operations.call_async(sign_in, body=body(Credentials, shown))
    except GatewayError as error:
        return await run_sync(sign_in_with, ask, error)
    return begun(ask, session.token, elsewhere=session.enrol or session.renew)


@router.post("/sign-out")
def sign_out(ask: Annotated[Ask, opens(end_session)]) -> Response:
    """End the session; the cookie goes with it."""
    ask.call(end_session, session="current")
    answer = RedirectResponse(SIGN_IN, 303)
    answer.headers["set-cookie"] = set_cookie("", 0)
    return answer


@router.get("/me")
def me(ask: Annotated[Ask, opens(who_am_i)]) -> Response:
    """Who one is, where one is signed in, and one's own password and second factor."""
    return own_page(ask)


@router.post("/me/password")
@or_again(own_page)
def password(ask: Annotated[Ask, opens(change_own_password)]) -> Response:
    """Change one's password; all other sessions end."""
    wanted = body(NewOwnPassword, {"present": ask.form.text("present"), "new": ask.form.text("new")})
    ask.call(change_own_password, body=wanted)
    return ask.to(ME)


@router.post("/me/second-factor")
@or_again(own_page)
def offer(ask: Annotated[Ask, opens(offer_second_factor)]) -> Response:
    """Draw a secret for an authenticator, as a picture and as text."""
    offered = ask.call(offer_second_factor)
    return ask.page("enrol.html", offered=offered, picture=qr_code(offered.uri))


@router.post("/me/second-factor/confirm")
@or_again(own_page)
def enrol(ask: Annotated[Ask, opens(enrol_second_factor)]) -> Response:
    """Show a code of the offered secret; the answer has the recovery codes, once."""
    codes = ask.call(enrol_second_factor, body=body(CodeBody, {"code": ask.form.text("code")}))
    return ask.page("codes.html", codes=codes.recovery_codes)


@router.post("/me/recovery-codes")
@or_again(own_page)
def codes(ask: Annotated[Ask, opens(renew_recovery_codes)]) -> Response:
    """New recovery codes in place of those that are left."""
    made = ask.call(renew_recovery_codes)
    return ask.page("codes.html", codes=made.recovery_codes)


@router.post("/me/sessions/{session}/end")
def end(session: str, ask: Annotated[Ask, opens(end_session)]) -> Response:
    """Sign out where another session is."""
    ask.call(end_session, session=session)
    return ask.to(ME)


@router.post("/me/language")
def language(ask: Annotated[Ask, opens(end_session)]) -> Response:
    """Choose the console's language."""
    code = ask.form.text("language")
    answer = ask.to(ME)
    if code in languages():
        answer.headers["set-cookie"] = f"{LANGUAGE}={code}; Path=/; Max-Age={YEAR_S}; Secure; SameSite=Lax"
    return answer


def begun(ask: Ask, secret: str, *, elsewhere: bool) -> Response:
    """A session begins: where somebody wanted to go, or at one's own account where nothing else is open."""
    answer = RedirectResponse(ME if elsewhere else local(ask.form.text("next")), 303)
    answer.headers["set-cookie"] = set_cookie(secret, DAY_S)
    return answer

"""To an identity provider and back (product 7.7; OpenID Connect Core 1.0, 3.1; T24).

The way back begins on the provider's page, so the cookie that binds it to this browser is ``SameSite=Lax``,
and lives for minutes. The session's own cookie is ``Strict``: a browser would not send it along a redirect
that somebody else's page began, so a page of ours goes on by itself. The way there is a page too: no form of
ours may lead elsewhere by its policy.
"""

from functools import partial
from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter
from starlette.responses import Response

from gateway.endpoints.browsers import cookie_of, headers_of
from gateway.endpoints.console.asking import Ask, opens
from gateway.endpoints.console.gate import set_cookie
from gateway.endpoints.console.provider_operations import begin_at_provider, sign_in_by_provider
from gateway.endpoints.console.signing import DAY_S, ME, local, sign_in_with
from gateway.errors import GatewayError
from gateway.services.provider_sign_in import Answer

router = APIRouter()

COOKIE = "__Host-usher-provider"
MINUTES_S = 300


@router.post("/sign-in/provider")
async def begin(ask: Annotated[Ask, opens(begin_at_provider)]) -> Response:
    """Send a browser to the provider."""
    following = local(ask.form.text("next"))
    try:
        begun = await ask.operations.call_async(begin_at_provider, following=following)
    except GatewayError as error:
        return await run_sync(sign_in_with, ask, error)
    answer = ask.page("going_on.html", target=begun.address)
    answer.headers["set-cookie"] = bound(begun.secret, MINUTES_S)
    return answer


@router.get("/sign-in/provider/callback")
async def back(ask: Annotated[Ask, opens(sign_in_by_provider)]) -> Response:
    """Open a session with what the provider says."""
    secret = cookie_of(headers_of(ask.request.scope).get(b"cookie", b""), COOKIE, "")
    answer = Answer(*(ask.query.get(name, "") for name in ("state", "code", "iss")))
    try:
        signed, following = await ask.operations.call_async(sign_in_by_provider, answer=answer, secret=secret)
    except GatewayError as error:
        # Any page can send its readers here; what they did not begin must not get them banned.
        return await run_sync(partial(sign_in_with, ask, error, bare=not secret))
    renew = signed.account.password_until is not None
    page = ask.page("going_on.html", target=ME if renew else local(following))
    page.headers.append("set-cookie", set_cookie(signed.secret, DAY_S))
    page.headers.append("set-cookie", bound("", 0))
    return page


def bound(secret: str, seconds: int) -> str:
    """The ``Set-Cookie`` of the way there and back; 0 seconds take it away."""
    return f"{COOKIE}={secret}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Lax"

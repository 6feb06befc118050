"""Who is let into the console: whoever shows a session in a cookie, from a page of its own (product 7.7;
T24).

The cookie is ``__Host-``: this host's alone, over TLS alone, out of reach of scripts, never sent from
elsewhere. A request that may change something says by ``Origin`` and ``Sec-Fetch-Site`` that it comes from
here, and carries a token that only a page of this session can know. The token is derived from the session's
secret, so nothing has to be kept for it, and it ends with the session. A token of the API opens no page: it
would be kept where pages are.
"""

from collections.abc import Awaitable, Mapping
from functools import partial
from typing import Protocol
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response

from gateway.endpoints.api.calls import ADMINISTRATOR
from gateway.endpoints.browsers import SAFE, cookie_line, cookie_of, csrf_of, from_here, headers_of, private
from gateway.endpoints.console.asking import CSRF
from gateway.endpoints.event_streams import AGAIN
from gateway.endpoints.middleware import App, Receive, Scope, Send
from gateway.endpoints.principals import NOBODY, attended, source_of
from gateway.errors import GatewayError, Kind
from gateway.records.authority import Authority
from gateway.services.drawn_secrets import SESSION

COOKIE = "__Host-usher"
SIGN_IN = "/console/sign-in"
OPEN = (f"{SIGN_IN}/", "/console/static/")
"""What is answered to anybody: how to sign in, and what that page looks like."""


class Bearer(Protocol):
    """``gateway.endpoints.principals.Administrators.bearer``."""

    def __call__(
        self, authorization: bytes | None, address: str, /, *, attended: bool = False
    ) -> Awaitable[Authority]: ...


class Gate:
    """The console behind its door."""

    def __init__(self, console: App, bearer: Bearer) -> None:
        self._console = console
        self._bearer = bearer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        guarded = private(send)
        headers = headers_of(scope)
        if scope["method"] not in SAFE and not from_here(headers):
            await Response("This came from another page.\n", 403)(scope, receive, guarded)
            return
        secret = session_of(headers.get(b"cookie", b""))
        try:
            scope[ADMINISTRATOR] = await self._who(scope, secret, attended=attended(scope))
        except GatewayError as error:
            if error.kind is not Kind.UNAUTHENTICATED:
                raise
            await _turned_away(scope, headers)(scope, receive, guarded)
            return
        scope[CSRF], scope[AGAIN] = csrf_of(secret), partial(self._who, scope, secret)
        await self._console(scope, receive, guarded)

    async def _who(self, scope: Scope, secret: str, *, attended: bool = False) -> Authority:
        """Whoever the session is; before what is open to anybody everybody is nobody, also who has one."""
        if _open(scope):
            return NOBODY
        if not secret:
            raise GatewayError(Kind.UNAUTHENTICATED)
        return await self._bearer(b"Bearer " + secret.encode("ascii"), source_of(scope), attended=attended)


def session_of(cookie: bytes) -> str:
    """The session's secret in a ``Cookie`` header; empty for none, and for what is no session's."""
    return cookie_of(cookie, COOKIE, SESSION)


def set_cookie(secret: str, seconds: int) -> str:
    """The ``Set-Cookie`` of a session; 0 seconds take it away."""
    return cookie_line(COOKIE, secret, seconds)


def _open(scope: Scope) -> bool:
    path: str = scope["path"]
    return path == SIGN_IN or path.startswith(OPEN)


def _turned_away(scope: Scope, headers: Mapping[bytes, bytes]) -> Response:
    """To the sign-in page and back; a part of a page takes the whole page along."""
    target = f"{SIGN_IN}?next={quote(scope['path'], safe='/')}" if scope["method"] in SAFE else SIGN_IN
    if headers.get(b"hx-request") == b"true":
        return Response(status_code=204, headers={"HX-Redirect": SIGN_IN})
    return RedirectResponse(target, 303)

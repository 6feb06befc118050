"""Who is let into the console: whoever shows a session in a cookie, from a page of its own (product 7.7;
T24).

The cookie is ``__Host-``: this host's alone, over TLS alone, out of reach of scripts, never sent from
elsewhere. A request that may change something says by ``Origin`` and ``Sec-Fetch-Site`` that it comes from
here, and carries a token that only a page of this session can know. The token is derived from the session's
secret, so nothing has to be kept for it, and it ends with the session. A token of the API opens no page: it
would be kept where pages are.
"""

import hmac
from collections.abc import Awaitable, Callable, Mapping
from http.cookies import CookieError, SimpleCookie
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response

from gateway.endpoints.api.calls import ADMINISTRATOR
from gateway.endpoints.console.asking import CSRF
from gateway.endpoints.middleware import App, Message, Receive, Scope, Send
from gateway.endpoints.principals import NOBODY, source_of
from gateway.errors import GatewayError, Kind
from gateway.records.authority import Authority
from gateway.services.drawn_secrets import SESSION

COOKIE = "__Host-usher"
SIGN_IN = "/console/sign-in"
OPEN = (SIGN_IN, "/console/static/")
"""What is answered to anybody: how to sign in, and what that page looks like."""

SAFE = frozenset({"GET", "HEAD"})

PRIVATE: tuple[tuple[bytes, bytes], ...] = (
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        b"form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    (b"x-frame-options", b"DENY"),
    # Not no-referrer: a browser that may say nothing of whence it comes says "null" as the origin of a form.
    (b"referrer-policy", b"same-origin"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)
"""What goes with every page (T22, T24)."""

NOT_KEPT = (b"cache-control", b"no-store")
"""Of every answer that says nothing else: it is about people, and no cache's business."""

Bearer = Callable[[bytes | None, str], Awaitable[Authority]]
"""``gateway.endpoints.principals.Administrators.bearer``."""


class Gate:
    """The console behind its door."""

    def __init__(self, console: App, bearer: Bearer) -> None:
        self._console = console
        self._bearer = bearer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        private = _private(send)
        headers = _headers(scope)
        if scope["method"] not in SAFE and not from_here(headers):
            await Response("This came from another page.\n", 403)(scope, receive, private)
            return
        secret = session_of(headers.get(b"cookie", b""))
        try:
            scope[ADMINISTRATOR] = await self._who(scope, secret)
        except GatewayError as error:
            if error.kind is not Kind.UNAUTHENTICATED:
                raise
            await _turned_away(scope, headers)(scope, receive, private)
            return
        scope[CSRF] = csrf_of(secret)
        await self._console(scope, receive, private)

    async def _who(self, scope: Scope, secret: str) -> Authority:
        """Whoever the session is; for what is open to anybody nobody at all where there is none."""
        if secret:
            try:
                return await self._bearer(b"Bearer " + secret.encode("ascii"), source_of(scope))
            except GatewayError:
                if not _open(scope):
                    raise
        if not _open(scope):
            raise GatewayError(Kind.UNAUTHENTICATED)
        return NOBODY


def session_of(cookie: bytes) -> str:
    """The session's secret in a ``Cookie`` header; empty for none, and for what is no session's."""
    try:
        found = SimpleCookie(cookie.decode("ascii")).get(COOKIE)
    except (UnicodeDecodeError, CookieError):
        return ""
    secret = found.value if found else ""
    return secret if secret.startswith(SESSION) else ""


def csrf_of(secret: str) -> str:
    """What the forms of a session carry; of no session a word that no session's form carries."""
    return hmac.digest(secret.encode(), b"usher console forms", "sha256").hex()


def from_here(headers: Mapping[bytes, bytes]) -> bool:
    """Whether a browser says that one of our own pages asks: one that says nothing is not believed."""
    origin, site = headers.get(b"origin", b""), headers.get(b"sec-fetch-site", b"same-origin")
    return site == b"same-origin" and origin == b"https://" + headers.get(b"host", b"")


def set_cookie(secret: str, seconds: int) -> str:
    """The ``Set-Cookie`` of a session; 0 seconds take it away."""
    return f"{COOKIE}={secret}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Strict"


def _headers(scope: Scope) -> dict[bytes, bytes]:
    """By name; of a header that came twice both, so that nothing is chosen between them."""
    found: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        found[name] = found[name] + b"; " + value if name in found else value
    return found


def _open(scope: Scope) -> bool:
    path: str = scope["path"]
    return path == SIGN_IN or path.startswith(OPEN[1])


def _turned_away(scope: Scope, headers: Mapping[bytes, bytes]) -> Response:
    """To the sign-in page and back; a part of a page takes the whole page along."""
    target = f"{SIGN_IN}?next={quote(scope['path'], safe='/')}" if scope["method"] in SAFE else SIGN_IN
    if headers.get(b"hx-request") == b"true":
        return Response(status_code=204, headers={"HX-Redirect": SIGN_IN})
    return RedirectResponse(target, 303)


def _private(send: Send) -> Send:
    async def send_private(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", ()))
            own = {name.lower() for name, _ in headers}
            # A page to print brings a stricter policy of its own: two would allow what both do, and no style.
            message["headers"] = [*headers, *(each for each in (*PRIVATE, NOT_KEPT) if each[0] not in own)]
        await send(message)

    return send_private

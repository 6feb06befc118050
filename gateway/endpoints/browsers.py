"""What pages for people need whichever listener they are on (product 7.7, 7.8; T22, T24): which answers may
be framed, loaded and kept, whether a form comes from here, and the token that only its own session knows.

Nothing here is heavy: the clients' workers have it too.
"""

import hmac
import re
from collections.abc import Mapping

from gateway.endpoints.middleware import Message, Scope, Send

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


_SECRET = re.compile(rb"[A-Za-z0-9_-]{1,256}")
"""What our own cookies hold."""


def cookie_of(header: bytes, name: str, prefix: str) -> str:
    """The secret that a ``Cookie`` header shows under ``name``; empty for one that does not begin so, and for
    two between which nothing chooses.

    Pair by pair (RFC 6265, 5.4): what else is there is set by whoever else has a host of this domain, and a
    reader that stops at what it does not understand would sign everybody out for it.
    """
    pairs = (each.strip().partition(b"=") for each in header.split(b";"))
    shown = {value for key, _, value in pairs if key == name.encode()}
    secret = shown.pop() if len(shown) == 1 else b""
    return secret.decode() if secret.startswith(prefix.encode()) and _SECRET.fullmatch(secret) else ""


def csrf_of(secret: str) -> str:
    """What the forms of a session carry; of no session a word that no session's form carries."""
    return hmac.digest(secret.encode(), b"usher console forms", "sha256").hex()


def from_here(headers: Mapping[bytes, bytes]) -> bool:
    """Whether a browser says that one of our own pages asks: one that says nothing is not believed."""
    origin, site = headers.get(b"origin", b""), headers.get(b"sec-fetch-site", b"same-origin")
    return site == b"same-origin" and origin == b"https://" + headers.get(b"host", b"")


def cookie_line(name: str, secret: str, seconds: int) -> str:
    """The ``Set-Cookie`` of a session: this host's alone, out of reach of scripts, never sent from elsewhere;
    0 seconds take it away."""
    return f"{name}={secret}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Strict"


def headers_of(scope: Scope) -> dict[bytes, bytes]:
    """By name; of a header that came twice both, so that nothing is chosen between them."""
    found: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        found[name] = found[name] + b"; " + value if name in found else value
    return found


def private(send: Send) -> Send:
    """``send`` with what goes with every page."""

    async def send_private(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", ()))
            own = {name.lower() for name, _ in headers}
            # A page to print brings a stricter policy of its own: two would allow what both do, and no style.
            message["headers"] = [*headers, *(each for each in (*PRIVATE, NOT_KEPT) if each[0] not in own)]
        await send(message)

    return send_private

"""Which headers cross the gateway, each way (MS-ASHTTP 2.2.1.1.2 and 2.2.2.1.2; T14, T15, T36).

Both lists are of what may pass, never of what may not: a header that steers a backend (``X-BEResource``,
``X-Original-URL``, ``msExchPrincipal``, ``x-webobjects-remote-user`` ...) and one that nobody has thought of
yet are stopped alike. What goes to the backend is written anew from parsed values; framing and Host belong to
the client library, so nothing that a client says about them gets through.
"""

import re
from collections.abc import Iterable, Sequence

from gateway.proxy.asgi import RawHeaders
from mdm.ashttp import MIME_TYPE, WBXML_TYPE, Command, Version
from mdm.query import CommandRequest

Pairs = list[tuple[str, str]]

_PASSED = {b"user-agent": "User-Agent", b"accept-language": "Accept-Language"}
_STEERING = re.compile(r"\bx-(?!backendcookie\s*=)[\w-]*\s*=", re.IGNORECASE)
"""A cookie by which a client chooses the server behind Exchange's front (``X-BEResource``, CVE-2021-26855).
Looked for anywhere in a piece, since servers do not agree on what ends a cookie."""
_MIME_COMMANDS = frozenset({Command.SEND_MAIL, Command.SMART_FORWARD, Command.SMART_REPLY})

_ANSWERED = frozenset(
    {
        b"content-type",
        b"content-encoding",
        b"content-language",
        b"content-disposition",
        b"cache-control",
        b"expires",
        b"pragma",
        b"retry-after",
        b"ms-server-activesync",
        b"x-aspnet-version",
        b"x-ms-asthrottle",
        b"x-ms-credentials-expire",
        b"x-ms-credential-service-url",
    }
)
_OF_A_BODY = frozenset({b"content-type", b"content-encoding", b"content-language", b"content-disposition"})


def request_headers(
    client: Iterable[tuple[bytes, bytes]],
    request: CommandRequest,
    *,
    has_body: bool,
    forwarded_for: str,
    request_id: str,
    credentials: Sequence[tuple[str, str]],
    cookies: bool = False,
) -> Pairs:
    """The complete header list for a backend, without Host and framing.

    Args:
        client: the client's headers as ASGI gives them, names in lower case.
        forwarded_for: the client's address as the gateway knows it; the client's own claim is dropped.
        credentials: what ``Route.credentials`` made for this user, and ``Route.key_header`` for the device.
        cookies: the backend needs its own cookies back (MS-ASHTTP 2.2.1.1.2.9, 16.x).
    """
    pairs: Pairs = [("MS-ASProtocolVersion", request.version.text)]
    for name, value in client:
        kept = _PASSED.get(name) or ("Cookie" if cookies and name == b"cookie" else None)
        if kept is not None:
            text = value.decode("utf-8", "replace")
            if name == b"cookie":
                text = _harmless(text)
            if text and text.isprintable():
                pairs.append((kept, text))
    if has_body:
        pairs.append(("Content-Type", _body_type(request)))
    if request.accept_multipart and request.command is Command.ITEM_OPERATIONS:
        pairs.append(("MS-ASAcceptMultiPart", "T"))
    pairs += (
        ("X-Forwarded-For", forwarded_for),
        ("X-Forwarded-Proto", "https"),
        ("X-Request-Id", request_id),
    )
    pairs += credentials
    return pairs


def _harmless(cookies: str) -> str:
    return "; ".join(piece.strip() for piece in cookies.split(";") if not _STEERING.search(piece))


def _body_type(request: CommandRequest) -> str:
    """SOGo compares the two types byte for byte, so a client's parameters and short forms do not pass."""
    if request.version <= Version.V12_1 and request.command in _MIME_COMMANDS:
        return MIME_TYPE
    return WBXML_TYPE


def response_headers(backend: Iterable[tuple[bytes, bytes]], *, cookies: bool, empty: bool) -> RawHeaders:
    """What of a backend's header list a client gets; framing is added by ``forward``.

    Args:
        cookies: pass Set-Cookie.
        empty: the answer has no body, so nothing may describe one: a type makes clients decode nothing, and
            an
            encoding breaks iOS (spec 6.6).
    """
    pairs: RawHeaders = []
    named: frozenset[bytes] = frozenset()
    for raw, value in backend:
        name = raw.lower()
        if name in _ANSWERED:
            if not (empty and name in _OF_A_BODY):
                pairs.append((name, value))
        elif name == b"set-cookie":
            if cookies:
                pairs.append((name, value))
        elif name == b"connection":
            named |= {token.strip() for token in value.lower().split(b",")}
    if named and not named <= _USUAL:
        return [pair for pair in pairs if pair[0] not in named]
    return pairs


_USUAL = frozenset({b"close", b"keep-alive"})

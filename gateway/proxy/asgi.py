"""The three ASGI shapes that the byte pump touches (ASGI 3, HTTP connection scope).

The hot path has no Request and no Response object: Starlette's cost 15 us apiece (house.md 4a).
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from mdm.ashttp import Reply

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
RawHeaders = list[tuple[bytes, bytes]]

DISCONNECT = "http.disconnect"


def head(reply: Reply) -> Message:
    """``http.response.start`` of a complete answer: framing is ours, a type only where there is a body."""
    headers: RawHeaders = [(name.lower().encode(), value.encode()) for name, value in reply.headers]
    if reply.body and reply.media_type:
        headers.append((b"content-type", reply.media_type.encode()))
    headers.append((b"content-length", b"%d" % len(reply.body)))
    return {"type": "http.response.start", "status": reply.status, "headers": headers}


def tail(body: bytes = b"", *, more: bool = False) -> Message:
    """``http.response.body``."""
    return {"type": "http.response.body", "body": body, "more_body": more}

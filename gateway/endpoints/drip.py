"""A slow answer, for who asks for one: it shows whether a proxy in front stores answers (product 2.6).

No other answer of ActiveSync begins long before it ends, so a proxy that stores answers cannot be seen from
outside otherwise. ``GET`` with ``X-Usher-Drip: 1`` gets the 405 that any GET gets, in two halves. Nothing is
learned by it but that the server is Usher, and it costs less than a connection that sends its head slowly.
"""

import asyncio

from gateway.endpoints.rendering import METHOD_NOT_ALLOWED
from gateway.proxy.asgi import Message, Send, head, tail

HEADER = b"x-usher-drip"
PAUSE_S = 1.0
"""Between the halves: longer than any network takes."""
HALF = len(METHOD_NOT_ALLOWED.body) // 2


def wants_drip(scope: Message) -> bool:
    """Whether the request is a GET that asks for it."""
    return scope["method"] == "GET" and any(name == HEADER for name, _ in scope["headers"])


async def drip(send: Send, pause_s: float = PAUSE_S) -> None:
    """Send the beginning, wait, send the end; without a length, so that nobody can tell the end before."""
    start = head(METHOD_NOT_ALLOWED)
    start["headers"] = [each for each in start["headers"] if each[0] != b"content-length"]
    await send(start)
    await send(tail(METHOD_NOT_ALLOWED.body[:HALF], more=True))
    await asyncio.sleep(pause_s)
    await send(tail(METHOD_NOT_ALLOWED.body[HALF:]))

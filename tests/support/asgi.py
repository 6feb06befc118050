"""One request through an ASGI application without a socket, and everything that was sent back."""

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

App = Callable[..., Awaitable[None]]


@dataclass
class Heard:
    """What an application answered.

    Attributes:
        received: parts of the request's body that it took.
    """

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    received: int = 0


async def ask(
    app: App,
    path: str,
    *chunks: bytes,
    method: str = "GET",
    query: str = "",
    headers: tuple[tuple[bytes, bytes], ...] = (),
) -> Heard:
    """Send a request whose body arrives in ``chunks``, then hang up."""
    heard = Heard()
    waiting = list(chunks or (b"",))

    async def receive() -> MutableMapping[str, Any]:
        if not waiting:
            return {"type": "http.disconnect"}
        heard.received += 1
        return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting)}

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            heard.status = message["status"]
            heard.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            heard.body += message.get("body", b"")

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": list(headers),
    }
    await app(scope, receive, send)
    return heard

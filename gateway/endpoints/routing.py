"""Which path leads where on the clients' listener: a closed list, matched exactly (T14).

Raw ASGI instead of a router: two comparisons on the hot path. Paths are compared folded, because clients
spell them in every case; anything else is 404 with an empty body, whatever the method.
"""

from collections.abc import Awaitable, Callable
from typing import Protocol

from autodiscover import match
from gateway.config import ACTIVESYNC_PATH
from gateway.proxy import drain
from gateway.proxy.asgi import Message, Receive, Send
from mdm.ashttp import Reply

App = Callable[[Message, Receive, Send], Awaitable[None]]

_ACTIVESYNC = ACTIVESYNC_PATH.lower()
_SPELLINGS = frozenset({_ACTIVESYNC, _ACTIVESYNC + "/", _ACTIVESYNC + "/default.eas"})
"""What the specification says, and two spellings that clients are known to use (spec 1.1)."""

NOT_FOUND = Reply(404)


class Place(Protocol):
    """An application that knows its paths."""

    def matches(self, path: str) -> bool: ...
    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None: ...


class Routing:
    """The application behind the clients' listener."""

    def __init__(self, activesync: App, discovery: App, *places: Place) -> None:
        self._activesync = activesync
        self._discovery = discovery
        self._places = places

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request."""
        path = scope["path"]
        if path == ACTIVESYNC_PATH or path.lower() in _SPELLINGS:
            await self._activesync(scope, receive, send)
        elif match(path) is not None:
            await self._discovery(scope, receive, send)
        elif (place := next((each for each in self._places if each.matches(path)), None)) is not None:
            await place(scope, receive, send)
        else:
            await drain.answer(NOT_FOUND, receive, send, unread=scope["method"] in ("POST", "PUT", "PATCH"))

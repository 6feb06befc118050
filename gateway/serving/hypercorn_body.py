"""The queue between a connection and its application: nothing leaks when an answer precedes the body.

Hypercorn 0.18 hands messages over by an ``asyncio.Queue`` of ten. An application that answers before it has
read a long body leaves that queue full, and putting ``http.disconnect`` into it then waits for ever: task,
socket and 640 KiB are lost for each such request, and a 401 needs no password (research/perf.md 8.1). Here
the end of a request empties the queue and never waits. The queue is bounded by bytes, and costs a tenth of
an asyncio.Queue.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, cast

from hypercorn.asyncio.task_group import TaskGroup
from hypercorn.config import Config as HypercornConfig
from hypercorn.typing import AppWrapper, ASGIReceiveEvent, ASGISendEvent
from hypercorn.typing import Scope as HypercornScope

from gateway.serving.application import Message, Receive, Scope, Send

QUEUED_BYTES = 256 * 1024
"""How far a connection may read ahead of its application: four reads of 64 KiB."""

DISCONNECT: Message = {"type": "http.disconnect"}
_logger = logging.getLogger("usher.serving")


class BodyQueue:
    """Messages for one application call.

    Attributes:
        on_first_read: awaited when the application first asks for the body; sends ``100 Continue`` where due.
    """

    __slots__ = ("_bytes", "_messages", "_over", "_readers", "_room", "on_first_read")

    def __init__(self) -> None:
        self._messages: deque[Message] = deque()
        self._readers: deque[asyncio.Future[None]] = deque()
        self._room: asyncio.Future[None] | None = None
        self._bytes = 0
        self._over = False
        self.on_first_read: Callable[[], Awaitable[None]] | None = None

    async def get(self) -> Message:
        """The next message; ``http.disconnect`` again and again once the request is over."""
        if self.on_first_read is not None:
            asked, self.on_first_read = self.on_first_read, None
            await asked()
        while not self._messages:
            if self._over:
                return DISCONNECT
            reader = asyncio.get_running_loop().create_future()
            self._readers.append(reader)
            await reader
        message = self._messages.popleft()
        self._bytes -= len(message.get("body", b""))
        if self._room is not None and self._bytes < QUEUED_BYTES:
            _wake(self._room)
        return message

    async def put(self, message: Message) -> None:
        """Queue a message, waiting for room; the end of the request never waits and drops what is queued."""
        if self._over:
            return
        if message["type"] == "http.disconnect":
            self._end()
            return
        self._messages.append(message)
        self._bytes += len(message.get("body", b""))
        self._wake_one()
        while self._bytes >= QUEUED_BYTES and not self._over:
            self._room = asyncio.get_running_loop().create_future()
            await self._room

    def _wake_one(self) -> None:
        """Wake the first reader that still waits; one that was cancelled is passed over."""
        while self._readers:
            reader = self._readers.popleft()
            if not reader.done():
                reader.set_result(None)
                return

    def _end(self) -> None:
        self._over = True
        self._messages.clear()
        self._bytes = 0
        if self._room is not None:
            _wake(self._room)
        while self._readers:
            _wake(self._readers.popleft())


def _wake(waiter: "asyncio.Future[None]") -> None:
    if not waiter.done():
        waiter.set_result(None)


class Tasks(TaskGroup):
    """The tasks of one connection; applications are started on a ``BodyQueue``."""

    queue: BodyQueue | None = None

    async def spawn_app(
        self,
        app: AppWrapper,
        config: HypercornConfig,  # noqa: ARG002 - Hypercorn's signature
        scope: HypercornScope,
        send: Callable[[ASGISendEvent | None], Awaitable[None]],
    ) -> Callable[[ASGIReceiveEvent], Awaitable[None]]:
        """Start the application for one request; gives the function that feeds it."""
        self.queue = queue = BodyQueue()
        self.spawn(_run, app, scope, queue.get, send)
        return cast(Callable[[ASGIReceiveEvent], Awaitable[None]], queue.put)


async def _run(
    app: Callable[[Scope, Receive, Send], Awaitable[None]],
    scope: Scope,
    receive: Receive,
    send: Callable[[Any], Awaitable[None]],
) -> None:
    try:
        await app(scope, receive, send)
    except Exception:
        _logger.exception("the application failed")
    finally:
        await send(None)

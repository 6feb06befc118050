"""A client, a real Hypercorn, ``forward`` and a recording backend, all over real sockets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import pytest

from gateway.config import Backend
from gateway.proxy.backends import Route
from gateway.proxy.forward import Outbound, Outcome, forward
from gateway.proxy.upstream import Upstream
from mdm.ashttp import Reply
from tests.support.backend import RecordingBackend, Script, reply
from tests.support.front import Front

WELL = reply()
HEADERS = [("MS-ASProtocolVersion", "16.1"), ("Content-Type", "application/vnd.ms-sync.wbxml")]


@dataclass
class Pump:
    """The pieces of one set-up.

    Attributes:
        options: fields of ``Outbound`` to set otherwise.
        outcomes: what ``forward`` returned, in order.
    """

    backend: RecordingBackend
    upstream: Upstream
    options: dict[str, Any] = field(default_factory=dict)
    cut: asyncio.Future[Reply] | None = None
    outcomes: "asyncio.Queue[Outcome]" = field(default_factory=asyncio.Queue)
    front: Front = field(init=False)

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        first, more = message["body"], message["more_body"]
        length = next((int(value) for name, value in scope["headers"] if name == b"content-length"), None)
        outbound = Outbound(
            "POST",
            "/Microsoft-Server-ActiveSync?Cmd=Sync&User=u&DeviceId=D&DeviceType=T",
            list(HEADERS),
            first,
            more and len(first) != length,
            length,
            **self.options,
        )
        self.outcomes.put_nowait(await forward(self.upstream, outbound, receive, send, self.cut))

    async def outcome(self) -> Outcome:
        """The next outcome that nobody has taken."""
        async with asyncio.timeout(10):
            return await self.outcomes.get()


class Start(Protocol):
    def __call__(
        self, script: Script = ..., *, config: dict[str, Any] | None = None, **options: Any
    ) -> AbstractAsyncContextManager[Pump]: ...


@pytest.fixture
def start() -> Start:
    """``async with start(script, config={...}, timeout_s=...) as pump``."""

    @asynccontextmanager
    async def started(
        script: Script = WELL, *, config: dict[str, Any] | None = None, **options: Any
    ) -> AsyncIterator[Pump]:
        async with RecordingBackend(script) as backend:
            upstream = Upstream(Route(Backend("b", backend.url, **(config or {}))))
            pump = Pump(backend, upstream, options)
            pump.front = Front(pump.app)
            try:
                async with pump.front:
                    yield pump
            finally:
                await upstream.close()

    return started

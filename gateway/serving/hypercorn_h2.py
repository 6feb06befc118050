"""HTTP/1.1 and nothing else on a connection: no HTTP/2, no h2c upgrade, no WebSocket.

Hypercorn 0.18 has no switch for h2c. ``Upgrade: h2c`` on a cleartext listener, and the HTTP/2 preface on
any, open a tunnel in which a front proxy sees nothing: an administrator's path was reached past a haproxy
that forbade it. Its HTTP/2 loses whole connections, parked Pings included (research/perf.md 8.2, 8.3). The
preface is refused by ``hypercorn_head`` (505); an ``Upgrade`` header is ignored, as RFC 9110 7.8 allows.
"""

import asyncio
from collections.abc import Awaitable, Callable

import h11
from hypercorn.events import Event, RawData
from hypercorn.protocol.events import Request
from hypercorn.protocol.h11 import STREAM_ID, H11Protocol
from hypercorn.protocol.http_stream import HTTPStream
from hypercorn.typing import AppWrapper, ConnectionState, H11SendableEvent, LifespanState, WorkerContext

from gateway.serving.hypercorn_body import Tasks
from gateway.serving.hypercorn_config import ServerConfig
from gateway.serving.hypercorn_head import StrictConnection


class Http1(H11Protocol):
    """Hypercorn's HTTP/1.1: strict heads, no other protocol, one write for head and first body."""

    connection: StrictConnection

    def __init__(
        self,
        app: AppWrapper,
        config: ServerConfig,
        context: WorkerContext,
        tasks: Tasks,
        peers: tuple[bool, tuple[str, int] | None, tuple[str, int] | None],
        send: Callable[[Event], Awaitable[None]],
        write: Callable[[bytes], None],
    ) -> None:
        super().__init__(app, config, context, tasks, ConnectionState(LifespanState({})), *peers, send)
        self.connection = StrictConnection(config.limits)
        self.tasks = tasks
        self._write = write
        self._held = b""
        self._release: asyncio.Handle | None = None

    async def _check_protocol(self, event: h11.Request) -> None:
        """Hypercorn would change to HTTP/2 here."""

    async def _create_stream(self, request: h11.Request) -> None:
        self.stream = HTTPStream(
            self.app,
            self.config,
            self.context,
            self.task_group,
            self.ssl,
            self.client,
            self.server,
            self.stream_send,
            STREAM_ID,
        )
        await self.stream.handle(_request_event(request, self.connection_state))
        if self.tasks.queue is not None and self.connection.client_is_waiting_for_100_continue:
            self.tasks.queue.on_first_read = self._continue
        self.keep_alive_requests += 1
        await self.context.mark_request()

    async def _continue(self) -> None:
        """Tell a client that waits for it to send its body, now that the application wants it."""
        self.connection.application_asked = True
        if self.connection.they_are_waiting_for_100_continue:
            await self._send_h11_event(
                h11.InformationalResponse(status_code=100, headers=self.config.response_headers("h11"))
            )

    async def _send_h11_event(self, event: H11SendableEvent) -> None:
        """Send, but hold the head back for a body that follows at once: one packet, one system call less."""
        try:
            data = self.connection.send(event)
        except h11.LocalProtocolError:
            if self.connection.their_state is not h11.ERROR:
                raise
            return
        if isinstance(event, h11.Response):
            self._held = data
            self._release = asyncio.get_running_loop().call_soon(self._write_held)
            return
        if self._release is not None:
            self._release.cancel()
            data = self._take_held() + data
        if data:
            await self.send(RawData(data=data))

    def _take_held(self) -> bytes:
        held, self._held, self._release = self._held, b"", None
        return held

    def _write_held(self) -> None:
        """The body did not follow at once: a refusal that reads on, or an answer that is streamed."""
        self._write(self._take_held())


def _request_event(request: h11.Request, state: ConnectionState) -> Request:
    return Request(
        stream_id=STREAM_ID,
        headers=list(request.headers),
        http_version=request.http_version.decode("ascii"),
        method=request.method.decode("ascii").upper(),
        raw_path=request.target,
        state=state,
    )

"""One accepted connection: bytes between a socket and Hypercorn's HTTP/1.1, watched by deadlines.

It replaces Hypercorn's ``TCPServer``, which starts and cancels a task for each request to time the pause
between two, closes early answers so that unread data resets them away (research/perf.md 8.10), and chooses
HTTP/2 by itself.
"""

import asyncio
import contextlib
import logging
import socket
from asyncio import StreamReader, StreamWriter
from typing import cast

import h11
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.typing import AppWrapper, WorkerContext

from gateway.endpoints.credentials import PROVEN
from gateway.serving.application import Asgi
from gateway.serving.deadlines import Deadlines
from gateway.serving.hypercorn_body import Tasks
from gateway.serving.hypercorn_config import ServerConfig
from gateway.serving.hypercorn_h2 import Http1
from gateway.serving.newcomers import Newcomers

READ_BYTES = 64 * 1024
_logger = logging.getLogger("usher.serving")
SLOW = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class Connection:
    """Reads until its client is done, the protocol closes it, or a deadline passes."""

    def __init__(
        self,
        app: Asgi,
        config: ServerConfig,
        context: WorkerContext,
        deadlines: Deadlines,
        streams: tuple[StreamReader, StreamWriter],
        newcomers: Newcomers,
    ) -> None:
        self._newcomers = newcomers
        self._app = app
        self._config = config
        self._limits = config.limits
        self._context = context
        self._deadlines = deadlines
        self._reader, self._writer = streams
        self._loop = asyncio.get_running_loop()
        self._protocol: Http1 | None = None
        self._lingering = False
        self._head_began: float | None = self._loop.time()
        self._body_due = 0.0

    @property
    def idle(self) -> bool:
        """True when no request is being received or answered."""
        return self._protocol is None or self._protocol.stream is None

    @property
    def address(self) -> str:
        """The peer's address, empty on a unix socket or when it has gone again."""
        peer = self._writer.get_extra_info("peername")
        return str(peer[0]) if isinstance(peer, tuple) and peer else ""

    async def serve(self) -> None:
        """Serve the connection to its end."""
        try:
            tasks = Tasks(self._loop)
            self._protocol = self._speak(tasks)
            async with tasks:
                self._deadlines.set(self, self._loop.time() + self._limits.header_timeout_s)
                await self._read(self._protocol)
        except OSError:
            pass
        except ExceptionGroup:  # an answer that is no HTTP: this connection ends, the others do not
            _logger.exception("connection failed")
        except asyncio.CancelledError:
            self._writer.transport.abort()  # a TLS client that never says goodbye is not waited for
            raise
        finally:
            self._deadlines.clear(self)
            self._writer.close()
            with contextlib.suppress(OSError, RuntimeError):
                await self._writer.wait_closed()

    def _speak(self, tasks: Tasks) -> Http1:
        sock: socket.socket = self._writer.get_extra_info("socket")
        peers = (
            self._writer.get_extra_info("ssl_object") is not None,
            _host_and_port(sock.family, sock.getpeername()),
            _host_and_port(sock.family, sock.getsockname()),
        )
        app = cast(AppWrapper, self._app)
        protocol = Http1(app, self._config, self._context, tasks, peers, self._send, self._write_now)
        protocol.connection_state[PROVEN] = self._prove
        return protocol

    def _prove(self) -> None:
        """Somebody has signed in here: the connection is no newcomer any more."""
        self._newcomers.leave(self)
        if self._protocol is not None:
            self._protocol.connection_state.pop(PROVEN, None)

    async def _read(self, protocol: Http1) -> None:
        while data := await self._received():
            if self._lingering:
                continue
            self._deadlines.clear(self)
            self._body_due += len(data) / self._limits.body_min_rate
            began = self._loop.time()
            await protocol.handle(RawData(data))
            self._body_due += self._loop.time() - began
            self._watch(protocol.connection.their_state, partial=protocol.connection.partial_head)
        await protocol.handle(Closed())

    async def _received(self) -> bytes:
        try:
            return await self._reader.read(READ_BYTES)
        except OSError:
            return b""

    def _watch(self, state: object, *, partial: bool) -> None:
        """Set the moment at which the client must have sent more; none while the application works."""
        if self._lingering:
            return
        now = self._loop.time()
        if state is h11.SEND_BODY:
            self._deadlines.set(self, min(now + self._limits.body_idle_timeout_s, self._body_due))
        elif partial:
            self._head_began = self._head_began or now
            self._deadlines.set(self, self._head_began + self._limits.header_timeout_s)

    async def _send(self, event: Event) -> None:
        if isinstance(event, RawData):
            await self._write(event.data)
        elif isinstance(event, Updated):
            self._turn(idle=event.idle)
        elif isinstance(event, Closed):
            self._close()

    def _turn(self, *, idle: bool) -> None:
        """A request has begun, or the connection waits for the next one."""
        now = self._loop.time()
        self._head_began = None
        if idle:
            self._deadlines.set(self, now + self._limits.keep_alive_s)
        else:
            self._body_due = now + self._limits.body_idle_timeout_s

    async def _write(self, data: bytes) -> None:
        try:
            self._writer.write(data)
            stalls = self._writer.transport.get_write_buffer_size() > READ_BYTES
            if stalls:
                self._deadlines.set(self, self._loop.time() + self._limits.write_stall_timeout_s)
            await self._writer.drain()
            if stalls and not self._lingering:
                self._deadlines.clear(self)
        except (OSError, RuntimeError):
            if self._protocol is not None:
                await self._protocol.handle(Closed())

    def _write_now(self, data: bytes) -> None:
        """Write without waiting for room: a head is small."""
        with contextlib.suppress(OSError, RuntimeError):
            self._writer.write(data)

    def _close(self) -> None:
        """Close, or read on for a while when the client still sends what nobody wants.

        Closing at once would reset the answer away under its reader's eyes (RFC 9112 9.6).
        """
        protocol = self._protocol
        self._deadlines.set(self, self._loop.time() + self._limits.early_answer_drain_s)
        if protocol is None or protocol.connection.their_state in (h11.DONE, h11.MUST_CLOSE, h11.CLOSED):
            self._writer.close()
        elif not self._lingering:
            self._lingering = True
            with contextlib.suppress(OSError, RuntimeError):
                if self._writer.can_write_eof():
                    self._writer.write_eof()

    def expire(self) -> None:
        """Cut the connection: it was told nothing of its request, or nobody takes its answer."""
        if self.idle and self._head_began is not None and not self._lingering:
            self._writer.write(SLOW)
            self._writer.close()
        else:
            self._writer.transport.abort()

    def close_if_idle(self) -> None:
        """Close now when no request is under way; the worker stops."""
        if self.idle and not self._lingering:
            self._writer.close()


def _host_and_port(family: int, address: tuple[str, int]) -> tuple[str, int] | None:
    return (address[0], address[1]) if family in (socket.AF_INET, socket.AF_INET6) else None

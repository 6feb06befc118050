"""One application on its listening sockets, and every connection that came in by them.

Hypercorn's own ``serve`` closes whatever is open when its grace is over, answering parked requests with
500, and on Python 3.13 without uvloop waits for ever for a held connection (research/perf.md 8.6). Here
stopping is taken apart: accept no more, let the application end its long polls, wait, and only then cut.
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Iterable

from hypercorn.asyncio.worker_context import WorkerContext

from gateway.serving.application import Asgi
from gateway.serving.connection import Connection
from gateway.serving.deadlines import Deadlines
from gateway.serving.hypercorn_config import ServerConfig
from gateway.serving.newcomers import Newcomers


class Listener:
    """Accepts connections for one application."""

    def __init__(
        self,
        app: Asgi,
        config: ServerConfig,
        deadlines: Deadlines,
        sockets: Iterable[socket.socket],
        context: ssl.SSLContext | None = None,
        newcomers: Newcomers | None = None,
    ) -> None:
        self._newcomers = newcomers or Newcomers(config.limits)
        self._app = app
        self._config = config
        self._deadlines = deadlines
        self._sockets = tuple(sockets)
        self._ssl = context
        self._worker = WorkerContext(None)
        self._servers: list[asyncio.Server] = []
        self._connections: dict[Connection, asyncio.Task[None]] = {}

    @property
    def connections(self) -> int:
        """How many clients are connected."""
        return len(self._connections)

    async def open(self) -> None:
        """Accept connections from now on."""
        timeout = self._config.limits.header_timeout_s if self._ssl else None
        for sock in self._sockets:
            server = await asyncio.start_server(
                self._accepted,
                sock=sock,
                backlog=self._config.backlog,
                ssl=self._ssl,
                ssl_handshake_timeout=timeout,
            )
            self._servers.append(server)

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a connection is served by a task")
        streams, newcomers = (reader, writer), self._newcomers
        connection = Connection(self._app, self._config, self._worker, self._deadlines, streams, newcomers)
        if not newcomers.admit(connection, connection.address):
            writer.transport.abort()
            return
        self._connections[connection] = task
        try:
            with contextlib.suppress(asyncio.CancelledError):  # cut: asyncio would report it as a failure
                await connection.serve()
        finally:
            newcomers.leave(connection)
            del self._connections[connection]

    async def refuse(self) -> None:
        """Accept nothing more; idle connections end now, the others after the answer they wait for."""
        await self._worker.terminated.set()
        for server in self._servers:
            server.close()
        for connection in tuple(self._connections):
            connection.close_if_idle()

    async def cut(self) -> None:
        """End what is left."""
        tasks = tuple(self._connections.values())
        for task in tasks:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks, return_exceptions=True)

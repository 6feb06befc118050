"""A short request written straight to a pooled connection (docs: performance; `research/perf.md` section 2).

(measured, CPU per request in Hypercorn) ``ClientSession.request`` spends two thirds of its time on what a
proxy must not do: merging headers, cookies, redirects, netrc, form encoding, a task for the body. For a body
that is complete the same connection pool, TLS and C parser of aiohttp are used here without that layer;
bodies that flow still go through ``ClientSession``. Everything that depends on aiohttp's inside stands in
this file, and its test shows each part of it.
"""

import asyncio
import ssl
from typing import Any, Protocol

import aiohttp
from aiohttp.client_reqrep import ClientRequest
from aiohttp.connector import Connection
from aiohttp.http_exceptions import HttpProcessingError
from multidict import CIMultiDictProxy
from yarl import URL

from gateway.proxy.headers import Pairs

READ_BUFFER = 1 << 16

PATIENCE_S = 0.5
"""How long the first connection is watched after its answer. SOGo closes after each answer without announcing
it; whoever sends his next request into that closing connection loses it, and a POST must not be repeated."""


class Answer(Protocol):
    """The part of ``aiohttp.ClientResponse`` that ``forward`` relies on."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> CIMultiDictProxy[str]: ...
    @property
    def raw_headers(self) -> tuple[tuple[bytes, bytes], ...]: ...
    @property
    def content(self) -> aiohttp.StreamReader: ...
    @property
    def closed(self) -> bool: ...
    def close(self) -> None: ...


class WireAnswer:
    """An answer whose connection goes back at the end of the body, or is closed before it."""

    __slots__ = ("_connection", "_wire", "content", "headers", "raw_headers", "status")

    def __init__(
        self, wire: "Wire", connection: Connection, message: Any, content: aiohttp.StreamReader
    ) -> None:
        self._wire = wire
        self._connection: Connection | None = connection
        self.status: int = message.code
        self.headers: CIMultiDictProxy[str] = message.headers
        self.raw_headers: tuple[tuple[bytes, bytes], ...] = message.raw_headers
        self.content = content
        content.on_eof(self._end)

    @property
    def closed(self) -> bool:
        """Whether the connection is free again."""
        return self._connection is None

    def close(self) -> None:
        """Close the connection unless the answer was read to its end."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _end(self) -> None:
        if self._connection is not None:
            self._wire.take_back(self._connection)
            self._connection = None


class Wire:
    """One origin's connections.

    Attributes:
        keeps: whether the server keeps a connection open after an answer; None until that is known.
    """

    __slots__ = ("_connector", "_loop", "_prefix", "_template", "_timeout", "_watched", "_watching", "keeps")

    def __init__(
        self,
        session: aiohttp.ClientSession,
        origin: str,
        connect_timeout_s: float,
        tls: ssl.SSLContext | bool,
    ) -> None:
        assert session.connector is not None  # noqa: S101 - an open session has one
        self._connector = session.connector
        self._loop = asyncio.get_running_loop()
        self._template = ClientRequest("POST", URL(origin), loop=self._loop, session=session, ssl=tls)
        self._prefix = f" HTTP/1.1\r\nHost: {self._template.headers['Host']}\r\n"
        self._timeout = aiohttp.ClientTimeout(total=None, sock_connect=connect_timeout_s)
        self.keeps: bool | None = None
        self._watched: Connection | None = None
        self._watching: asyncio.TimerHandle | None = None

    def close(self) -> None:
        """Let go of what is being watched; the session closes everything else."""
        if self._watching is not None:
            self._watching.cancel()
            self._judge()

    async def ask(self, method: str, target: str, headers: Pairs, body: bytes) -> WireAnswer:
        """Send a whole request and wait for the answer's head.

        Raises:
            aiohttp.ClientError, OSError: as ``ClientSession.request`` does; TimeoutError for no connection in
            time.
            ValueError: a line break within a header or the target.
        """
        octets = self._head(method, target, headers, len(body)) + body
        connection = await self._connector.connect(self._template, [], self._timeout)
        try:
            while connection.protocol is not None and connection.protocol.should_close:
                connection.close()  # something came while it was idle: it would be taken for our answer
                connection = await self._connector.connect(self._template, [], self._timeout)
            protocol = connection.protocol
            assert protocol is not None  # noqa: S101 - a fresh connection has one
            protocol.set_response_params(read_until_eof=True, auto_decompress=False, read_bufsize=READ_BUFFER)
            assert protocol.transport is not None  # noqa: S101 - the pool hands out open connections
            protocol.transport.write(octets)
            message, content = await protocol.read()
            while message.code < 200 and message.code != 101:
                message, content = await protocol.read()
            return WireAnswer(self, connection, message, content)
        except aiohttp.ServerDisconnectedError:
            connection.close()
            self.keeps = None
            raise
        except HttpProcessingError as error:
            connection.close()
            raise aiohttp.ClientConnectionError("no HTTP answer") from error
        except BaseException:
            connection.close()
            raise

    def take_back(self, connection: Connection) -> None:
        """An answer has been read to its end: keep its connection for the next request if the server does."""
        if self.keeps:
            connection.release()
        elif self.keeps is None and self._watched is None:
            self._watched = connection
            self._watching = self._loop.call_later(PATIENCE_S, self._judge)
        else:
            connection.close()

    def _judge(self) -> None:
        connection, self._watched, self._watching = self._watched, None, None
        if connection is not None:
            protocol = connection.protocol
            self.keeps = protocol is not None and protocol.is_connected()
            connection.release()

    def _head(self, method: str, target: str, headers: Pairs, length: int) -> bytes:
        lines = "".join([f"{name}: {value}\r\n" for name, value in headers])
        text = f"{method} {target}{self._prefix}{lines}Content-Length: {length}\r\n\r\n"
        if text.count("\n") != len(headers) + 4 or text.count("\r") != len(headers) + 4:
            raise ValueError("a line break within a header")
        return text.encode()

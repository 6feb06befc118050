"""A mail server for tests: real sockets, records every octet, and misbehaves on demand.

It speaks just enough HTTP/1.1 to be asked by a real client. What it answers is a ``Script``: a coroutine that
is handed the exchange and may read the body when it likes (or never), wait, drip, answer by halves, hang up.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Self

WBXML = "application/vnd.ms-sync.wbxml"
VERSIONS = "2.5,12.0,12.1,14.0,14.1,16.0,16.1"
COMMANDS = "Sync,SendMail,FolderSync,Ping,Settings,ItemOperations"


@dataclass(slots=True)
class Seen:
    """One request as it came.

    Attributes:
        raw: head and, where it was kept, body, octet by octet.
        size: octets of the body that were read, kept or not.
        connection: which of the backend's connections it came on, counted from 0.
    """

    connection: int
    raw: bytes
    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes = b""
    size: int = 0

    def header(self, name: str) -> str | None:
        """The only header of that name, in any case."""
        values = self.values(name)
        assert len(values) < 2, values
        return values[0] if values else None

    def values(self, name: str) -> list[str]:
        return [value for known, value in self.headers if known.lower() == name.lower()]


@dataclass(slots=True)
class Exchange:
    """A request and the socket it came on."""

    seen: Seen
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    read_all: bool = False

    async def read(self, *, keep: bool = True, pace_s: float = 0.0, step: int = 65536) -> bytes:
        """The body; ``pace_s`` is slept after each ``step`` octets, to play a slow reader."""
        if not self.read_all:
            self.read_all = True
            if "chunked" in (self.seen.header("transfer-encoding") or ""):
                await self._chunks(keep)
            else:
                await self._counted(int(self.seen.header("content-length") or 0), keep, pace_s, step)
        return self.seen.body

    async def write(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def hang_up(self) -> None:
        self.writer.close()

    async def gone(self) -> None:
        """Returns when the other side has closed the connection."""
        while await self.reader.read(65536):
            pass

    async def _counted(self, length: int, keep: bool, pace_s: float, step: int) -> None:
        while length:
            data = await self.reader.read(min(step, length))
            if not data:
                raise ConnectionResetError
            length -= len(data)
            self._take(data, keep)
            if pace_s:
                await asyncio.sleep(pace_s)

    async def _chunks(self, keep: bool) -> None:
        while True:
            line = await self.reader.readuntil(b"\r\n")
            self.seen.raw += line
            data = await self.reader.readexactly(int(line, 16) + 2)
            self._take(data[:-2], keep)
            if len(data) == 2:
                return

    def _take(self, data: bytes, keep: bool) -> None:
        self.seen.size += len(data)
        if keep:
            self.seen.raw += data
            self.seen.body += data


Script = Callable[[Exchange], Awaitable[None]]


def head(status: int, headers: dict[str, str], *, reason: str = "Whatever") -> bytes:
    """Status line and headers, as they are given."""
    lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def reply(status: int = 200, body: bytes = b"", **headers: str) -> Script:
    """Read the body, then answer with a Content-Length; ``_`` in a header's name stands for ``-``."""
    named = {"Content-Type": WBXML} | {name.replace("_", "-"): value for name, value in headers.items()}

    async def script(exchange: Exchange) -> None:
        await exchange.read()
        await exchange.write(head(status, {**named, "Content-Length": str(len(body))}) + body)

    return script


def raw(data: bytes, *, then_close: bool = True) -> Script:
    """Read the body, then write these octets."""

    async def script(exchange: Exchange) -> None:
        await exchange.read()
        await exchange.write(data)
        if then_close:
            await exchange.hang_up()

    return script


def chunked(
    *parts: bytes, pause_s: float = 0.0, end: bool = True, stuck: bool = False, **headers: str
) -> Script:
    """Answer in chunks; without ``end`` cut the connection after the last, with ``stuck`` leave it open."""
    named = {"Content-Type": WBXML} | {name.replace("_", "-"): value for name, value in headers.items()}

    async def script(exchange: Exchange) -> None:
        await exchange.read()
        await exchange.write(head(200, {**named, "Transfer-Encoding": "chunked"}))
        for part in parts:
            await exchange.write(b"%x\r\n%b\r\n" % (len(part), part))
            await asyncio.sleep(pause_s)
        if stuck:
            await exchange.gone()
        if end and not stuck:
            await exchange.write(b"0\r\n\r\n")
        else:
            await exchange.hang_up()

    return script


def challenging(user: str, password: str, then: Script | None = None) -> Script:
    """Turn away everybody else; OPTIONS tells the two lists, anything else is for ``then``."""
    import base64

    token = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()

    async def script(exchange: Exchange) -> None:
        if exchange.seen.header("authorization") != token:
            await reply(401, WWW_Authenticate='Basic realm="backend"')(exchange)
        elif exchange.seen.method == "OPTIONS":
            await reply(200, MS_ASProtocolVersions=VERSIONS, MS_ASProtocolCommands=COMMANDS)(exchange)
        else:
            await (then or reply())(exchange)

    return script


@dataclass(slots=True)
class RecordingBackend:
    """``async with RecordingBackend(script) as backend``; ``script`` may be changed between requests.

    Attributes:
        seen: every request whose head came whole, in order.
        open, connections: connections now, and ever.
        crashes: what a script raised, other than the client's departure.
    """

    script: Script = field(default_factory=reply)
    seen: list[Seen] = field(default_factory=list)
    open: int = 0
    connections: int = 0
    port: int = 0
    crashes: list[BaseException] = field(default_factory=list)
    tls: ssl.SSLContext | None = None
    _server: asyncio.Server | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        assert self.crashes == []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/Microsoft-Server-ActiveSync"

    async def until(self, condition: Callable[[Self], bool], limit_s: float = 10.0) -> None:
        """Wait for a condition on this backend."""
        async with asyncio.timeout(limit_s):
            while not condition(self):  # noqa: ASYNC110 - any condition, of which nobody tells
                await asyncio.sleep(0.005)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        number, self.connections = self.connections, self.connections + 1
        self.open += 1
        try:
            while not writer.is_closing():
                await self._exchange(number, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        except asyncio.CancelledError:
            pass
        except Exception as error:
            self.crashes.append(error)
        finally:
            self.open -= 1
            self._tasks.discard(task)
            writer.close()

    async def _exchange(
        self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        start = await reader.readuntil(b"\r\n\r\n")
        request, *lines = start.decode("latin-1").split("\r\n")[:-2]
        method, target, _ = request.split(" ")
        headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
        seen = Seen(number, start, method, target, headers)
        self.seen.append(seen)
        exchange = Exchange(seen, reader, writer)
        await self.script(exchange)
        if not exchange.read_all:
            writer.close()

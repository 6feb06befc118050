"""A real Hypercorn in front of any ASGI application, and a client that writes what it is told."""

import asyncio
import socket
from dataclasses import dataclass, field
from typing import Any, Self

from hypercorn.asyncio import serve
from hypercorn.config import Config


@dataclass(slots=True)
class Front:
    """``async with Front(app) as front``: plain HTTP on ``front.port``."""

    app: Any
    port: int = 0
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        config = Config()
        config.bind = [f"fd://{listener.detach()}"]
        config.errorlog = None
        config.graceful_timeout = 0.2
        config.keep_alive_timeout = 60
        self._task = asyncio.get_running_loop().create_task(
            serve(self.app, config, shutdown_trigger=self._stop.wait)
        )
        await self._answering()
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._stop.set()
        await self._task

    async def _answering(self) -> None:
        for _ in range(200):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                await asyncio.sleep(0.01)
            else:
                writer.close()
                return
        raise AssertionError("Hypercorn does not listen")

    async def dial(self, *, receive_buffer: int = 0) -> "Dialled":
        """A connection; ``receive_buffer`` shrinks the kernel's, for clients that read slowly."""
        sock = socket.socket()
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", self.port))
        reader, writer = await asyncio.open_connection(sock=sock, limit=65536)
        return Dialled(reader, writer)


@dataclass(slots=True)
class Answer:
    """What came back."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes = b""

    def header(self, name: str) -> str | None:
        values = [value for known, value in self.headers if known == name.lower()]
        assert len(values) < 2, values
        return values[0] if values else None


@dataclass(slots=True)
class Dialled:
    """One connection to the front."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def post(self, body: bytes = b"", *, length: int | None = None, target: str = "/x") -> None:
        """A POST with a Content-Length, larger than ``body`` when ``length`` says so."""
        size = len(body) if length is None else length
        await self.send(
            f"POST {target} HTTP/1.1\r\nHost: gw\r\nContent-Length: {size}\r\n\r\n".encode() + body
        )

    async def post_chunked(self, *parts: bytes, end: bool = True) -> None:
        await self.send(b"POST /x HTTP/1.1\r\nHost: gw\r\nTransfer-Encoding: chunked\r\n\r\n")
        for part in parts:
            await self.send(b"%x\r\n%b\r\n" % (len(part), part))
        if end:
            await self.send(b"0\r\n\r\n")

    async def head(self) -> Answer:
        """Status and headers of the next answer."""
        start = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *lines = start.split("\r\n")[:-2]
        headers = [
            (name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)
        ]
        return Answer(int(line.split(" ")[1]), headers)

    async def answer(self) -> Answer:
        """The next answer, complete; IncompleteReadError when it breaks off."""
        answer = await self.head()
        if answer.header("transfer-encoding") == "chunked":
            while size := int(await self.reader.readline(), 16):
                answer.body += (await self.reader.readexactly(size + 2))[:-2]
            await self.reader.readline()
        else:
            answer.body = await self.reader.readexactly(int(answer.header("content-length") or 0))
        return answer

    async def closed(self) -> bool:
        """Wait until the front closes; True unless it sends something first."""
        return await self.reader.read(1) == b""

    def leave(self) -> None:
        """Go without a word."""
        self.writer.transport.abort()

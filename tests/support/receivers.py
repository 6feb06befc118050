"""Receivers of webhooks on real sockets with real TLS: good ones, and all those that one meets."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.certificates import server_files


@dataclass(frozen=True)
class Received:
    """One request."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


Behaviour = Callable[["Received", asyncio.StreamWriter], Awaitable[None]]


def status(line: str, *headers: str, body: bytes = b"") -> Behaviour:
    """Answers with one status."""

    async def answer(_received: Received, writer: asyncio.StreamWriter) -> None:
        head = [f"HTTP/1.1 {line}", f"Content-Length: {len(body)}", "Connection: close", *headers, "", ""]
        writer.write("\r\n".join(head).encode() + body)
        await writer.drain()

    return answer


TAKES = status("204 No Content")


async def breaks_off(_received: Received, writer: asyncio.StreamWriter) -> None:
    """200, and then the connection is reset before the body is whole."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nbegun")
    await writer.drain()
    writer.transport.abort()


async def never_ends(_received: Received, writer: asyncio.StreamWriter) -> None:
    """200 with a body without end."""
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    with suppress(ConnectionError):
        while True:
            writer.write(b"4000\r\n" + b"x" * 0x4000 + b"\r\n")
            await writer.drain()


async def says_nothing(_received: Received, _writer: asyncio.StreamWriter) -> None:
    """Takes the request and keeps silent."""
    await asyncio.sleep(60)


async def no_http(_received: Received, writer: asyncio.StreamWriter) -> None:
    """Speaks something else."""
    writer.write(b"220 mail.example.org ESMTP\r\n")
    await writer.drain()


def slowly(seconds: float) -> Behaviour:
    """Takes it after a while."""

    async def answer(received: Received, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(seconds)
        await TAKES(received, writer)

    return answer


@dataclass
class Receiver:
    """A server that keeps what it was sent.

    Attributes:
        behaviour: what it does from now on; may be set at any time.
    """

    port: int
    secure: bool
    behaviour: Behaviour
    received: list[Received] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{'https' if self.secure else 'http'}://localhost:{self.port}/hook"

    @property
    def events(self) -> list[dict[str, Any]]:
        return [each.event for each in self.received]


@asynccontextmanager
async def receiver(
    behaviour: Behaviour = TAKES,
    *,
    folder: Path | None = None,
    names: tuple[str, ...] = ("localhost",),
    port: int = 0,
) -> AsyncIterator[Receiver]:
    """Run one; with ``folder`` it has TLS, and its authority is in ``ca.pem`` there."""
    running = Receiver(0, folder is not None, behaviour)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError, ValueError):
            got = await _read(reader)
            running.received.append(got)
            await running.behaviour(got, writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port, ssl=_context(folder, names), limit=2**20)
    running.port = server.sockets[0].getsockname()[1]
    try:
        yield running
    finally:
        server.close()


def _context(folder: Path | None, names: tuple[str, ...]) -> ssl.SSLContext | None:
    if folder is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*server_files(folder, *names))
    return context


async def _read(reader: asyncio.StreamReader) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip("\r\n").split("\r\n")
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (each.partition(":") for each in lines)
    }
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Received(first.split()[1], headers, body)

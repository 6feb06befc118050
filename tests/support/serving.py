"""An application on a real socket: behind our listener, or behind bare Hypercorn to show what it does."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from dataclasses import replace
from typing import Any

from hypercorn.asyncio import serve
from hypercorn.config import Config as HypercornConfig

from gateway.config import AccessLines, Limits, LogConfig
from gateway.endpoints.middleware import Guard
from gateway.log import AccessLog
from gateway.serving.deadlines import Deadlines
from gateway.serving.hypercorn_config import ServerConfig
from gateway.serving.listener import Listener

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

QUIET = LogConfig(access=AccessLines.OFF)


async def read_body(receive: Receive) -> bytes:
    body = b""
    while (message := await receive())["type"] == "http.request":
        body += message["body"]
        if not message["more_body"]:
            break
    return body


async def respond(send: Send, status: int, body: bytes = b"") -> None:
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the request's target and body, once it has both."""
    body = await read_body(receive)
    await respond(send, 200, scope["raw_path"] + b" " + body)


def listening() -> socket.socket:
    sock = socket.create_server(("127.0.0.1", 0), backlog=4096)
    sock.setblocking(False)
    return sock


@contextlib.asynccontextmanager
async def ours(
    app: App, limits: Limits | None = None, *, tls: ssl.SSLContext | None = None, guarded: bool = True
) -> AsyncIterator[int]:
    """``app`` behind our own listener, by default with the middleware; gives the port."""
    limits = limits or Limits()
    deadlines = Deadlines()
    guard = Guard(app, limits, (), AccessLog(QUIET)) if guarded else app
    sock = listening()
    listener = Listener(guard, ServerConfig(limits), deadlines, [sock], tls)
    port = sock.getsockname()[1]
    await listener.open()
    sweeping = asyncio.ensure_future(deadlines.sweep())
    try:
        yield port
    finally:
        await listener.refuse()
        await listener.cut()
        sweeping.cancel()


@contextlib.asynccontextmanager
async def bare(app: App, **settings: Any) -> AsyncIterator[int]:
    """``app`` behind Hypercorn as it comes; gives the port."""
    sock = listening()
    config = HypercornConfig.from_mapping(graceful_timeout=0.2, errorlog=None, **settings)
    config.bind = [f"fd://{sock.fileno()}"]
    stop = asyncio.Event()
    serving = asyncio.ensure_future(serve(app, config, shutdown_trigger=stop.wait))
    await asyncio.sleep(0.1)
    try:
        yield sock.getsockname()[1]
    finally:
        stop.set()
        sock.detach()
        with contextlib.suppress(asyncio.CancelledError, TimeoutError):
            await asyncio.wait_for(serving, 5)


async def exchange(port: int, data: bytes, *, patience: float = 5.0) -> bytes:
    """Send ``data`` on a new connection; what comes back until its end, or until nothing more comes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(data)
        return await heard(reader, patience=patience)
    finally:
        writer.close()


async def heard(reader: asyncio.StreamReader, *, patience: float = 5.0) -> bytes:
    """Everything until the end of the stream, or until ``patience`` seconds bring nothing more."""
    data = b""
    with contextlib.suppress(TimeoutError, ConnectionError):
        while True:
            async with asyncio.timeout(patience):
                part = await reader.read(65536)
            if not part:
                break
            data += part
    return data


def post(path: bytes = b"/x", body: bytes = b"", *headers: bytes, close: bool = True) -> bytes:
    """A request with Host and Content-Length; ``close`` asks for the end of the connection."""
    lines = [
        b"POST " + path + b" HTTP/1.1",
        b"Host: gateway.example",
        b"Content-Length: " + str(len(body)).encode(),
        *headers,
        *([b"Connection: close"] if close else []),
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def tighter(**changes: Any) -> Limits:
    """Limits that a test can wait for."""
    return replace(Limits(), **changes)

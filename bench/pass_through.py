"""What the gateway is measured against: the same server and aiohttp, and nothing in between.

The gateway's own Hypercorn (listener, connection, strict heads, uvloop) with an application that streams the
request up and the answer down. It authenticates nobody, reads no body and knows no protocol; its session is
set up as sparingly as the gateway's.
"""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator

import aiohttp
import uvloop
from yarl import URL

from gateway.config import Limits
from gateway.serving.application import Message, Receive, Scope, Send
from gateway.serving.deadlines import Deadlines
from gateway.serving.hypercorn_config import ServerConfig
from gateway.serving.listener import Listener
from gateway.serving.worker import calm_collector

HOPS = frozenset({b"host", b"connection", b"keep-alive", b"transfer-encoding", b"upgrade", b"te", b"trailer"})


class PassThrough:
    """The ASGI application; ``origin`` is the backend."""

    def __init__(self, session: aiohttp.ClientSession, origin: str) -> None:
        self._session = session
        self._origin = origin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        target = f"{self._origin}{scope['path']}?{scope['query_string'].decode('ascii')}"
        headers = [
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in scope["headers"]
            if name not in HOPS
        ]
        async with self._session.request(
            scope["method"],
            URL(target, encoded=True),
            headers=headers,
            data=_body(receive),
            allow_redirects=False,
        ) as answer:
            await send(_start(answer))
            async for chunk in answer.content.iter_any():
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})


def _start(answer: aiohttp.ClientResponse) -> Message:
    headers = [(name.lower(), value) for name, value in answer.raw_headers if name.lower() not in HOPS]
    return {"type": "http.response.start", "status": answer.status, "headers": headers}


async def _body(receive: Receive) -> AsyncIterator[bytes]:
    more = True
    while more:
        message = await receive()
        more = message.get("more_body", False)
        if part := message.get("body", b""):
            yield part


def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        skip_auto_headers=("Accept", "Accept-Encoding", "User-Agent", "Content-Type"),
        timeout=aiohttp.ClientTimeout(total=None),
    )


async def serve(port: int, origin: str) -> None:
    """Serve until the process ends."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", port))
    async with _session() as session:
        app = PassThrough(session, origin)
        listener = Listener(app, ServerConfig(Limits()), Deadlines(), [sock])
        await listener.open()
        calm_collector()
        await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), sys.argv[2]))

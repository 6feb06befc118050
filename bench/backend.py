"""A mail server that does nothing but answer: 1 KiB of WBXML, a Ping that hangs, 100 MiB (MS-ASHTTP 2.2.2).

As lean as a Python process can be, because it shares a core with the load: one protocol object a connection
and no task. OPTIONS without credentials is challenged, as the gateway's login probe expects of a real one.
"""

import asyncio
import sys
from asyncio import Transport
from typing import cast

import uvloop

from mdm.codepages import tag
from mdm.element import element
from mdm.wbxml import encode

LONG = 100 << 20
"""Bytes of a long answer."""
PIECE = bytes(1 << 16)
SLOW_READ = 1 << 17
"""An upload beyond this is read slowly: so many bytes, then a pause."""
PAUSE_S = 0.002

_HEADERS = (
    b"Date: Sat, 21 Nov 2026 04:00:00 GMT\r\nMS-Server-ActiveSync: 16.1\r\nCache-Control: private\r\n"
    b"Content-Type: application/vnd.ms-sync.wbxml\r\nX-Powered-By: bench\r\n"
)
_LISTS = (
    b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nMS-ASProtocolVersions: 12.1,14.0,14.1,16.0,16.1\r\n"
    b"MS-ASProtocolCommands: Sync,SendMail,FolderSync,Ping,ItemOperations,Settings,Provision\r\n\r\n"
)
_CHALLENGE = (
    b'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="bench"\r\nContent-Length: 0\r\n\r\n'
)


def _answer(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n%s" % (_HEADERS, len(body), body)


def _sync_answer(size: int) -> bytes:
    """A Sync document of exactly ``size`` bytes."""
    bare = len(encode(element(tag("AirSync", "Sync"), element(tag("AirSync", "Status"), "1"))))
    return encode(element(tag("AirSync", "Sync"), element(tag("AirSync", "Status"), "1" * (size - bare + 1))))


LONG_START = encode(
    element(tag("ItemOperations", "ItemOperations"), element(tag("ItemOperations", "Status"), "1"))
)[:-1]
"""How a long answer begins; what follows is nobody's concern on the way."""

SHORT = _answer(_sync_answer(1024))


class Backend(asyncio.Protocol):
    """One connection."""

    def __init__(self) -> None:
        self._buffer = b""
        self._unread = 0
        self._pending = b""
        self._left = 0
        self._paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self._unread:
            self._drop(data)
            return
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head, rest = self._buffer[: end + 2], self._buffer[end + 4 :]
        self._buffer = b""
        self._pending = head
        self._unread = _length(head)
        self._drop(rest)

    def _drop(self, data: bytes) -> None:
        slow = self._unread > SLOW_READ
        self._unread -= len(data)
        if self._unread <= 0:
            self._serve(self._pending)
        elif slow:
            self._transport.pause_reading()
            asyncio.get_running_loop().call_later(PAUSE_S, self._transport.resume_reading)

    def _serve(self, head: bytes) -> None:
        line = head[: head.find(b"\r\n")]
        if line.startswith(b"OPTIONS"):
            self._transport.write(_LISTS if b"\r\nauthorization:" in head.lower() else _CHALLENGE)
        elif b"Cmd=Ping" in line:
            return
        elif b"Cmd=ItemOperations" in line:
            self._left = LONG - len(LONG_START)
            head = b"HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n" % (_HEADERS, LONG)
            self._transport.write(head + LONG_START)
            self.resume_writing()
        else:
            self._transport.write(SHORT)

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        while self._left and not self._paused:
            piece = PIECE[: self._left]
            self._left -= len(piece)
            self._transport.write(piece)


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        if line[:15].lower() == b"content-length:":
            return int(line[15:])
    return 0


async def serve(port: int) -> None:
    """Serve until the process ends."""
    server = await asyncio.get_running_loop().create_server(Backend, "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))

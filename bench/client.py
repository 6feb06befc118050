"""The load: keep-alive connections that send prepared requests and read answers, with no framework between.

One request at a time on each connection, as phones do. Times are ``time.monotonic``, which all processes of a
machine share.
"""

import asyncio
import re
import ssl
import time
from asyncio import Transport
from collections.abc import Callable, Iterator, Sequence
from typing import cast

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Line(asyncio.Protocol):
    """One connection.

    Attributes:
        answered: called with the line, the status and the body of each answer; status 0 for a lost
            connection.
        at: when the last answer was complete.
        answers: how many there were.
    """

    def __init__(self) -> None:
        self.answered: Callable[[Line, int, bytes], None] = _nobody
        self.at = 0.0
        self.answers = 0
        self._buffer = b""
        self._transport: Transport | None = None

    @property
    def open(self) -> bool:
        """Whether the connection is there."""
        return self._transport is not None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._transport = None
        self.answered(self, 0, b"")

    def send(self, request: bytes) -> None:
        """Send a whole request; a lost connection is answered with status 0."""
        if self._transport is None:
            self.answered(self, 0, b"")
        else:
            self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        if self._buffer:
            data = self._buffer + data
        end = data.find(b"\r\n\r\n")
        found = LENGTH.search(data, 0, end + 2) if end >= 0 else None
        if found is None or len(data) < end + 4 + int(found[1]):
            self._buffer = data
            return
        self._buffer = b""
        self.at = time.monotonic()
        self.answers += 1
        self.answered(self, int(data[9:12]), data[end + 4 :])

    def answer(self) -> "asyncio.Future[int]":
        """The status of the next answer."""
        waiting: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def answered(_: Line, status: int, __: bytes) -> None:
            if not waiting.done():
                waiting.set_result(status)

        self.answered = answered
        return waiting

    def ask(self, request: bytes) -> "asyncio.Future[int]":
        """Send one request; gives the answer's status."""
        waiting = self.answer()
        self.send(request)
        return waiting

    def close(self) -> None:
        """Leave without a word, as a phone does that lost its network."""
        self.answered = _nobody
        if self._transport is not None:
            self._transport.abort()


def _nobody(_: Line, __: int, ___: bytes) -> None:
    """Answers that nobody waits for."""


async def connect(port: int, context: ssl.SSLContext | None = None) -> Line:
    """Open one connection to loopback."""
    loop = asyncio.get_running_loop()
    name = "localhost" if context else None
    _, line = await loop.create_connection(Line, "127.0.0.1", port, ssl=context, server_hostname=name)
    return line


async def connect_all(port: int, count: int) -> list[Line]:
    """Open ``count`` connections."""
    return [await connect(port) for _ in range(count)]


class Drive:
    """A fixed number of requests over some lines, each line at once when its answer is there."""

    def __init__(self, lines: Sequence[Line], requests: Iterator[bytes], count: int) -> None:
        self._lines = lines
        self._requests = requests
        self._left = count
        self._open = 0
        self._bad: dict[int, int] = {}
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self) -> float:
        """Send them all; gives the seconds until the last answer. Any answer but 200 is a failure."""
        began = time.monotonic()
        for line in self._lines:
            line.answered = self._answered
            self._next(line)
        await self._done
        if self._bad:
            raise RuntimeError(f"answers that are not 200: {self._bad}")
        return time.monotonic() - began

    def _next(self, line: Line) -> None:
        if self._left:
            self._left -= 1
            self._open += 1
            line.send(next(self._requests))

    def _answered(self, line: Line, status: int, _: bytes) -> None:
        self._open -= 1
        if status != 200:
            self._bad[status] = self._bad.get(status, 0) + 1
        if status:
            self._next(line)
        if not self._open and not self._done.done():
            self._done.set_result(None)

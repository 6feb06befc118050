"""The request's body on its way to a backend (product 3.3, T20; SOGo: `backends/README.md` section 2).

Two ways. With a Content-Length, or to a backend that reads chunked bodies, it flows: a chunk is taken from
the client when the backend has taken the one before, so at no time is more of it in memory than the socket
buffers hold. SOGo answers a chunked body with 500; for such a backend a body of unknown length is first
written to a temporary file.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from typing import IO

from gateway.proxy.asgi import DISCONNECT, Receive
from gateway.proxy.race import Ending, Lost, Race

STALL_S = 30.0
"""A phone between two cells is back by then; who is silent for longer holds a process (T20)."""

SPOOL_MEMORY = 256 * 1024
"""A larger body of unknown length goes to disk."""

PAGE = 64 * 1024


class Upload:
    """A body that flows; iterated once, by aiohttp's writer."""

    __slots__ = ("_answer_s", "_first", "_length", "_limit", "_race", "_receive")

    def __init__(
        self, receive: Receive, race: Race, first: bytes, *, length: int | None, limit: int, answer_s: float
    ) -> None:
        """``limit``: most octets of a body without a ``length``; ``answer_s``: the backend's time once it has
        all.
        """
        self._receive = receive
        self._race = race
        self._first = first
        self._length = length
        self._limit = limit if length is None else length
        self._answer_s = answer_s

    async def __aiter__(self) -> AsyncIterator[bytes]:
        chunk, more, total = self._first, True, 0
        while True:
            total += len(chunk)
            if total > self._limit:
                self._lose(Ending.TOO_LARGE)
            if not more or total == self._length:
                self._race.body_read = True
                self._race.extend(self._answer_s)
                yield chunk
                return
            if chunk:
                self._race.extend(STALL_S)
                yield chunk
            self._race.extend(STALL_S, Ending.STALLED)
            message = await self._receive()
            if message["type"] == DISCONNECT:
                self._lose(Ending.GONE)
            chunk, more = message.get("body", b""), message.get("more_body", False)

    def _lose(self, why: Ending) -> None:
        self._race.end(why)
        raise Lost(why)


async def spool(receive: Receive, race: Race, first: bytes, *, limit: int) -> IO[bytes]:
    """Take the whole body; the file stands at its beginning and has the caller to close it.

    Raises:
        Lost: GONE or TOO_LARGE. The race's clock ends a body that stalls.
    """
    file = tempfile.SpooledTemporaryFile(SPOOL_MEMORY)  # noqa: SIM115 - the caller closes what it gets
    try:
        await _fill(file, receive, race, first, limit)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


async def _fill(file: IO[bytes], receive: Receive, race: Race, first: bytes, limit: int) -> None:
    loop = asyncio.get_running_loop()
    chunk, more, total = first, True, 0
    while True:
        total += len(chunk)
        if total > limit:
            raise Lost(Ending.TOO_LARGE)
        if total <= SPOOL_MEMORY:
            file.write(chunk)
        else:
            await loop.run_in_executor(None, file.write, chunk)
        if not more:
            race.body_read = True
            return
        race.extend(STALL_S, Ending.STALLED)
        message = await receive()
        if message["type"] == DISCONNECT:
            raise Lost(Ending.GONE)
        chunk, more = message.get("body", b""), message.get("more_body", False)


async def pages(file: IO[bytes]) -> AsyncIterator[bytes]:
    """The file's content from here on, read away from the loop."""
    loop = asyncio.get_running_loop()
    while page := await loop.run_in_executor(None, file.read, PAGE):
        yield page

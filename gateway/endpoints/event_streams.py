"""Streams of events that stay open (product 7.9): how many, for how long, and with what patience.

A stream reads after its own place whenever the bell rings, and reads on only when its reader took what it was
given: a slow reader costs one batch of memory and nothing else. It ends when the process is told to stop, and
when whoever asked for it may not any longer; the reader comes back with the last id it was given.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Protocol

from gateway.errors import GatewayError, Kind

AGAIN = "usher.again"
"""Key of the scope under which the gate leaves how to tell once more who asks: an awaitable Authority."""

MOST = 100
"""Streams at once; more are refused."""

EACH = 10
"""Streams at once of one session or token: nobody takes the places of everybody."""

KEEP_ALIVE_S = 15.0
RECHECK_S = 30.0
"""How often the permission is looked at again (T29): at least once a minute."""

COMMENT = ": keep-alive\n\n"

Again = Callable[[], Awaitable[bool]]
"""Whether whoever asks may still do so; raises GatewayError where that cannot be told."""

Batch = Callable[[int], Awaitable[tuple[str, int, bool]]]
"""From a place to text, the next place, and whether there is more already."""


class Bell(Protocol):
    """``gateway.worker.Bell``."""

    def listen(self) -> asyncio.Event: ...
    def leave(self, rung: asyncio.Event) -> None: ...


class Streams:
    """The open streams of one process."""

    def __init__(
        self,
        bell: Bell,
        *,
        most: int = MOST,
        keep_alive_s: float = KEEP_ALIVE_S,
        recheck_s: float = RECHECK_S,
    ) -> None:
        self._bell = bell
        self._most = most
        self._keep_alive_s = keep_alive_s
        self._recheck_s = recheck_s
        self._open: dict[asyncio.Event, str] = {}
        self._ending = False

    def __len__(self) -> int:
        return len(self._open)

    def drain(self) -> None:
        """End every stream, and begin none any more."""
        self._ending = True
        for rung in self._open:
            rung.set()

    async def stream(
        self, batch: Batch, place: int, again: Again | None = None, who: str = ""
    ) -> AsyncIterator[str]:
        """The text of one stream from a place on; ``who``: the session or token that asks for it.

        Raises:
            GatewayError: THROTTLED where there are too many, UNAVAILABLE while the process ends.
        """
        if self._ending:
            raise GatewayError(Kind.UNAVAILABLE)
        own = sum(each == who for each in self._open.values()) if who else 0
        if len(self._open) >= self._most or own >= EACH:
            raise GatewayError(Kind.THROTTLED, "There are too many streams of events.")
        rung = self._bell.listen()
        self._open[rung] = who
        try:
            async for text in self._told(rung, batch, place, again):
                yield text
        finally:
            self._open.pop(rung, None)
            self._bell.leave(rung)

    async def _told(
        self, rung: asyncio.Event, batch: Batch, place: int, again: Again | None
    ) -> AsyncIterator[str]:
        checked = time.monotonic()
        yield COMMENT
        while not self._ending:
            if time.monotonic() - checked >= self._recheck_s:
                if again is None or not await _may(again):
                    return
                checked = time.monotonic()
            rung.clear()
            text, place, more = await batch(place)
            if text:
                yield text
            elif not more:
                await self._wait(rung)
                if not rung.is_set():
                    yield COMMENT

    async def _wait(self, rung: asyncio.Event) -> None:
        if self._ending:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(min(self._keep_alive_s, self._recheck_s)):
                await rung.wait()


async def _may(again: Again) -> bool:
    try:
        return await again()
    except GatewayError:
        return False

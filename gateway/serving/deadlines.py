"""Slow heads and slow bodies are cut off, parked Pings are not (T20; research/perf.md 8.5).

Hypercorn has one timer a request, a task of its own, for the time between requests, none for a body, and a
``read_timeout`` that also fires while a long poll hangs. Here a connection names the moment at which it
must have moved on, or none while its application works, and one sweep of the worker closes those that are
late. A request costs two writes to a dictionary.
"""

import asyncio
from typing import Protocol

TICK_S = 0.25
"""How late a deadline may be noticed: a scan of 10,000 idle connections takes about 1 ms."""


class Late(Protocol):
    """What can miss a deadline."""

    def expire(self) -> None:
        """Called once, from the sweep, when the deadline has passed."""
        ...


class Deadlines:
    """The deadlines of one worker's connections."""

    def __init__(self) -> None:
        self._due: dict[Late, float] = {}

    def set(self, connection: Late, at: float) -> None:
        """``connection`` must have moved on at ``at``, in the event loop's time."""
        self._due[connection] = at

    def clear(self, connection: Late) -> None:
        """``connection`` may take as long as it likes."""
        self._due.pop(connection, None)

    def has(self, connection: Late) -> bool:
        """True when a deadline is set."""
        return connection in self._due

    async def sweep(self) -> None:
        """Expire what is late, for as long as the worker lives."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(TICK_S)
            now = loop.time()
            for connection in [late for late, at in self._due.items() if at <= now]:
                self.clear(connection)
                connection.expire()

"""The bounded pools in which blocking calls run (house.md 2: the store is synchronous, the loop is not).

Two pools, so that a spray of wrong passwords, which fills the one, never delays the database, which the other
serves. A full queue is refused instead of growing: 503 now is better than an answer after the phone has left.
"""

import asyncio
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

from gateway.errors import GatewayError, Kind

P = ParamSpec("P")
T = TypeVar("T")

STORE_THREADS = 4
"""SQLite has one writer and PostgreSQL's answer takes 1 ms: more threads only wait beside each other."""

MAXIMUM_QUEUE = 1000
"""Calls that may wait for a thread: about a second of the store's work."""

STORE_TIMEOUT_S = 15.0
"""Longest wait for the store, longer than its own for a lock: what answers later answers nobody, and whoever
waits for it holds a connection."""

MAXIMUM_PASSWORD_QUEUE = 200
"""Checks that may wait: two seconds of argon2 on two processors."""


class Room:
    """How many calls may be under way, those that wait for a thread included."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._under_way = 0

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Take a place before anything is waited for, so that of a thousand who come together no more than
        these get one; GatewayError THROTTLED where none is left."""
        if self._under_way >= self._most:
            raise GatewayError(Kind.THROTTLED)
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1


class _Pool:
    def __init__(self, name: str, threads: int, queue: int) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._room = Room(queue)

    async def run(self, call: Callable[[], T]) -> T:
        with self._room.taken():
            return await asyncio.get_running_loop().run_in_executor(self._executor, call)

    def close(self) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)


class Threads:
    """Make it in the process that uses it; threads do not survive a fork."""

    def __init__(self, store_timeout_s: float = STORE_TIMEOUT_S) -> None:
        self._store_timeout_s = store_timeout_s
        self._store = _Pool("usher-store", STORE_THREADS, MAXIMUM_QUEUE)
        self._password = _Pool("usher-password", os.cpu_count() or 1, MAXIMUM_PASSWORD_QUEUE)

    async def store(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a call that talks to the database.

        Raises:
            GatewayError: THROTTLED when too many wait already, UNAVAILABLE when the store keeps silent; and
                what ``call`` raises. What kept silent may have been done all the same.
        """
        try:
            async with asyncio.timeout(self._store_timeout_s):
                return await self._store.run(lambda: call(*args, **kwargs))
        except TimeoutError as error:
            raise GatewayError(Kind.UNAVAILABLE) from error

    async def password(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a call that spends processor time on a password."""
        return await self._password.run(lambda: call(*args, **kwargs))

    def close(self) -> None:
        """Let what runs end, start nothing more."""
        self._store.close()
        self._password.close()

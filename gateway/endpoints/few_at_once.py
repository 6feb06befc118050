"""What strangers may have done at the price of a thread: few at once, some who wait, and no more (T1)."""

from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter
from anyio.to_thread import run_sync

from gateway.endpoints.threads import Room

T = TypeVar("T")


class FewAtOnce:
    """Threads of their own: who fills them holds nobody up who asks for something else."""

    def __init__(self, threads: int, waiting: int) -> None:
        self._limiter = CapacityLimiter(threads)
        self._room = Room(threads + waiting)

    async def run(self, call: Callable[[], T]) -> T:
        """Call it in a thread when one is free.

        Raises:
            GatewayError: THROTTLED where too many wait already; and what ``call`` raises.
        """
        with self._room.taken():
            return await run_sync(call, limiter=self._limiter)

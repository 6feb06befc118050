"""What strangers may have done at the price of a thread: few at once, some who wait, and no more (T1).

The count is taken before anything is waited for, so of a thousand who come together as many wait as may.
"""

from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter
from anyio.to_thread import run_sync

from gateway.errors import GatewayError, Kind

T = TypeVar("T")


class FewAtOnce:
    """Threads of their own: who fills them holds nobody up who asks for something else."""

    def __init__(self, threads: int, waiting: int) -> None:
        self._limiter = CapacityLimiter(threads)
        self._room = threads + waiting
        self._under_way = 0

    async def run(self, call: Callable[[], T]) -> T:
        """Call it in a thread when one is free.

        Raises:
            GatewayError: THROTTLED where too many wait already; and what ``call`` raises.
        """
        if self._under_way >= self._room:
            raise GatewayError(Kind.THROTTLED)
        self._under_way += 1
        try:
            return await run_sync(call, limiter=self._limiter)
        finally:
            self._under_way -= 1

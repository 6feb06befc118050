"""Sends events to webhooks (product 7.9), in the administration's process alone.

A change rings the bell, so an event leaves within milliseconds of its commit; a look once a second finds what
is to be tried again. All writing is done by one loop, one after the other; only the sending is done at once,
so a receiver that is slow holds up nobody but itself.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Protocol

from gateway.errors import GatewayError
from gateway.log import background
from gateway.services.deliveries import Deliveries, Errand, Outcome

LOOK_S, IDLE_S = 1.0, 5.0
"""Seconds between two looks, while something waits and while nothing does."""

PRUNE_S = 3600.0
_log = logging.getLogger(__name__)


class Answer(Protocol):
    """What came of a POST; ``gateway.proxy.outgoing.Answered`` is one."""

    @property
    def status(self) -> int: ...
    @property
    def error(self) -> str: ...


class Post(Protocol):
    """``gateway.proxy.outgoing.Outgoing.post``."""

    def __call__(
        self, url: str, headers: Mapping[str, str], body: bytes, *, allow_private: bool
    ) -> Awaitable[Answer]: ...


class EventDelivery:
    """Delivers while it runs; ``start`` and ``stop`` as ``gateway.worker.Rounds``.

    Args:
        listen: gives an event that is set whenever something may have been committed.
    """

    def __init__(
        self,
        deliveries: Deliveries,
        post: Post,
        listen: Callable[[], asyncio.Event],
        *,
        look_s: float = LOOK_S,
    ) -> None:
        self._deliveries = deliveries
        self._post = post
        self._listen = listen
        self._look_s = look_s
        self._sending: dict[asyncio.Task[None], Errand] = {}
        self._outcomes: list[Outcome] = []
        self._running: asyncio.Task[None] | None = None
        self._stirred = asyncio.Event()
        self._pruned = time.monotonic()
        self._ending = asyncio.Event()

    def start(self) -> None:
        """Call from the loop's thread."""
        self._stirred = self._listen()
        self._running = background(self._run(), name="webhooks")

    def stop(self) -> None:
        """End at once; what ``close`` did not give back is claimed again when its lease is over."""
        if self._running is not None:
            self._running.cancel()

    async def close(self) -> None:
        """Give up what is being sent, and give back what was taken in hand."""
        self._ending.set()
        self._stirred.set()
        if self._running is not None:
            # Not cancelled: a thread that claims at this moment goes on, and nobody would hear of what.
            with suppress(asyncio.CancelledError):
                await self._running
        given_up = [errand.delivery for errand in self._sending.values()]
        for task in list(self._sending):
            task.cancel()
        with suppress(GatewayError):
            await asyncio.to_thread(self._settle)
            await asyncio.to_thread(self._deliveries.release, given_up)

    async def _run(self) -> None:
        while not self._ending.is_set():
            pause = await self._turn()
            if self._ending.is_set():
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._stirred.wait()

    async def _turn(self) -> float:
        """One look at everything; returns how long to wait for the next one."""
        self._stirred.clear()
        try:
            await asyncio.to_thread(self._settle)
            await asyncio.to_thread(self._deliveries.advance)
            busy = Counter(errand.delivery.webhook for errand in self._sending.values())
            for errand in await asyncio.to_thread(self._deliveries.claim, busy):
                self._send(errand)
            await self._prune()
            return self._look_s if await asyncio.to_thread(self._deliveries.waiting) else IDLE_S
        except GatewayError as error:
            _log.warning("webhooks wait: %s", error)
        except Exception:  # the next turn may go well; none at all would not be noticed
            _log.exception("webhooks wait")
        return self._look_s

    def _settle(self) -> None:
        """What cannot be written down now is written down by the next turn."""
        done = self._outcomes[:]
        if done:
            self._deliveries.finish(done)
            del self._outcomes[: len(done)]

    async def _prune(self) -> None:
        if time.monotonic() - self._pruned >= PRUNE_S:
            self._pruned = time.monotonic()
            await asyncio.to_thread(self._deliveries.prune)

    def _send(self, errand: Errand) -> None:
        task = background(self._sent(errand), name="webhook delivery")
        self._sending[task] = errand
        task.add_done_callback(self._over)

    async def _sent(self, errand: Errand) -> None:
        try:
            answer = await self._post(
                errand.url, errand.headers, errand.body, allow_private=errand.allow_private
            )
            outcome = Outcome(errand.delivery, answer.status, answer.error)
        except Exception as error:  # whatever it was: without an outcome its lane would wait for the lease
            _log.exception("a webhook could not be sent", extra={"webhook": errand.delivery.webhook})
            outcome = Outcome(errand.delivery, 0, type(error).__name__)
        self._outcomes.append(outcome)

    def _over(self, task: asyncio.Task[None]) -> None:
        self._sending.pop(task, None)
        self._stirred.set()

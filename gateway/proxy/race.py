"""Who comes first while a backend thinks: its answer, the client leaving, a cut, the clock (house.md 4.8).

(measured) A plain await survives the client that left to its very end, and holds the backend's process with
it. The race costs the fast path next to nothing: no task, no closure, no extra future, and no timer of its
own, which was 3 percent of a request; one clock looks at all races. The exchange runs in the request's own
task, and whoever wins against the backend cancels that task, as ``asyncio.timeout`` does. ``receive()`` is
watched from the second second on: nearly every request is over by then.
"""

import asyncio
from enum import Enum

from gateway.proxy.asgi import DISCONNECT, Receive
from mdm.ashttp import Reply

TICK_S = 0.1
"""How late a race may be decided by the clock: looking at 8,000 parked Pings takes about 0.3 ms."""

LAZY_WATCH_S = 1.0
"""How long a request may be under way before a task looks out for the client's departure."""


class Ending(Enum):
    """How an exchange ended; everything but ANSWERED and CUT is an accident."""

    ANSWERED = "answered"
    CUT = "cut"
    GONE = "client gone"
    STALLED = "client stalled"
    TOO_LARGE = "request too large"
    DOWN = "backend down"
    SLOW = "backend slow"
    BAD = "backend answered nonsense"
    PROVISIONS = "backend wants provisioning"
    WIPES = "backend orders a wipe"
    ORDERS = "backend gives orders"
    BROKEN = "broken off"


class Lost(Exception):
    """The exchange cannot go on, and ``ending`` says why."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending.value)
        self.ending = ending


class Clock:
    """What is due in the exchanges of one loop, looked at every ``TICK_S`` while there are any."""

    __slots__ = ("_loop", "_races", "_timer")

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._races: set[Race] = set()
        self._timer: asyncio.TimerHandle | None = None

    def add(self, race: "Race") -> None:
        """Look at ``race`` until it is discarded."""
        self._races.add(race)
        if self._timer is None:
            self._timer = self._loop.call_later(TICK_S, self._sweep)

    def discard(self, race: "Race") -> None:
        """Look at ``race`` no more; may be called again."""
        self._races.discard(race)

    def stop(self) -> None:
        """Look at nothing any more."""
        self._races.clear()
        if self._timer is not None:
            self._timer.cancel()

    def _sweep(self) -> None:
        now = self._loop.time()
        try:
            for race in [race for race in self._races if race.due <= now]:
                race.tick(now)
        finally:
            self._timer = self._loop.call_later(TICK_S, self._sweep) if self._races else None


class Race:
    """One exchange's opponents of the backend.

    Attributes:
        due: when the clock has something to do here, in the loop's time.
        lost: who won against the backend; None while the exchange is alive.
        overdue: what it means when the clock wins.
        body_read: True once nobody else reads ``receive()``.
    """

    __slots__ = (
        "_clock",
        "_cut",
        "_loop",
        "_receive",
        "_task",
        "_watcher",
        "body_read",
        "deadline",
        "due",
        "lost",
        "overdue",
    )

    def __init__(
        self,
        receive: Receive,
        limit_s: float,
        cut: asyncio.Future[Reply] | None,
        clock: Clock,
        *,
        body_read: bool,
    ) -> None:
        self._loop = loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine runs in a task
        self._task = task
        self._receive = receive
        self._watcher: asyncio.Task[None] | None = None
        self._cut = cut
        self.body_read = body_read
        self.lost: Ending | None = None
        self.overdue = Ending.SLOW
        now = loop.time()
        self.deadline = now + limit_s
        self.due = min(now + LAZY_WATCH_S, self.deadline)
        self._clock = clock
        clock.add(self)
        if cut is not None:
            cut.add_done_callback(self._on_cut)

    def extend(self, limit_s: float, overdue: Ending = Ending.SLOW) -> None:
        """Something moved: the clock wins ``limit_s`` seconds from now, and that would mean ``overdue``."""
        self.overdue = overdue
        self.deadline = self._loop.time() + limit_s
        self.due = min(self.due, self.deadline)

    def end(self, why: Ending) -> None:
        """Break the exchange off; the first reason counts."""
        if self.lost is None:
            self.lost = why
            self._task.cancel()

    def caught(self) -> bool:
        """Whether the CancelledError just caught was this race's own and nobody else's."""
        return self.lost is not None and self._task.uncancel() == 0

    async def absorb(self, why: Ending) -> None:
        """The exchange failed by itself; a cancellation of this race's own that is still under way is taken
        in.

        From Python 3.12 on a body's writer starts within the request's own step, so both can meet.
        """
        if self.lost is None:
            self.lost = why
            return
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            if not self.caught():
                raise

    def stop(self) -> None:
        """The exchange is over: no opponent acts any more."""
        self._clock.discard(self)
        self.settle()
        if self._watcher is not None:
            self._watcher.cancel()
            self._watcher = None

    def settle(self) -> None:
        """The client is being answered: a cut comes too late, the client and the clock stay in the race.

        Not before: some backends send their head at once and hang over the body.
        """
        if self._cut is not None:
            self._cut.remove_done_callback(self._on_cut)
            self._cut = None

    def _on_cut(self, _: asyncio.Future[Reply]) -> None:
        if self._cut is not None:
            self.end(Ending.CUT)

    def tick(self, now: float) -> None:
        """The clock's call at ``due``: the time is over, or the client has to be watched from now on."""
        if now >= self.deadline:
            self._clock.discard(self)
            self.end(self.overdue)
            return
        self.due = self.deadline
        if self.body_read and self._watcher is None:
            self._watcher = self._loop.create_task(self._watch())
        elif not self.body_read:
            self.due = min(self.deadline, now + LAZY_WATCH_S)

    async def _watch(self) -> None:
        while (await self._receive())["type"] != DISCONNECT:
            pass
        self.end(Ending.GONE)

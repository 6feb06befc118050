"""The background life of one process (house.md 4a): hearing of changes, and writing contacts behind.

The change feed blocks, so it has a thread of its own, the only one that a process keeps; what it hears is
handed to the event loop, where the snapshots live. While the database does not answer, the feed says nothing
and the snapshots grow doubtful by themselves (``services.snapshots.FEED_SILENCE``).
"""

import asyncio
import logging
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Protocol

from gateway.errors import GatewayError
from gateway.log import background
from gateway.records import Change, Contact
from gateway.services.snapshots import Snapshots

HEARD_EVERY_S = 0.5
"""Longest wait for a change before the feed says that it is alive; well below ``FEED_SILENCE``."""

WRITE_BEHIND_S = 5.0
"""Longest time that a last contact exists in memory only (house.md 4a)."""

UPKEEP_S = 3600.0
"""How often old rows are cut back, and devices archived."""

JOBS_S = 5.0
"""How often jobs go on: an off-boarding waits for phones, which come within minutes."""

WIPES_S = 60.0
"""How often orders are closed that nobody approved; an approval that comes late is refused anyway."""

RETRY_S = 0.2
"""Pause after the database did not answer."""

_log = logging.getLogger(__name__)


class Feed(Protocol):
    """A reader of the change feed; blocking."""

    def wait(self, timeout_s: float) -> bool: ...
    def read(self) -> Sequence[Change]: ...
    def close(self) -> None: ...


class Hearing(ABC):
    """Hears of changes in a thread and tells the loop.

    Args:
        open_feed: opens the feed at the present; raises GatewayError while the database is away.
        gap: the exception by which the feed says that rows are missing.
    """

    def __init__(self, open_feed: Callable[[], Feed], gap: type[Exception]) -> None:
        self._open_feed = open_feed
        self._gap = gap
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Start hearing; call from the loop's thread."""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._hear, name="usher-changes", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop hearing; returns at once, the thread ends by itself."""
        self._stop.set()

    def _hear(self) -> None:
        feed: Feed | None = None
        while not self._stop.is_set():
            try:
                if feed is None:
                    feed = self._open_feed()
                    self._tell(self._gone)
                changes = feed.read() if feed.wait(HEARD_EVERY_S) else None
                self._tell(self._heard, changes)
            except self._gap:
                self._tell(self._gone)
            except GatewayError:
                self._stop.wait(RETRY_S)
            except Exception:
                _log.exception("the change feed failed and is opened anew")
                _close(feed)
                feed = None
                self._stop.wait(RETRY_S)
        _close(feed)

    def _tell(self, call: Callable[..., None], *arguments: object) -> None:
        if self._loop is not None and not self._stop.is_set():
            self._loop.call_soon_threadsafe(call, *arguments)

    @abstractmethod
    def _heard(self, changes: Sequence[Change] | None) -> None:
        """Called on the loop: what was announced, maybe nothing; None for silence."""

    @abstractmethod
    def _gone(self) -> None:
        """Called on the loop: everything must be looked at again."""


class Watch(Hearing):
    """Keeps the snapshots true.

    Args:
        changed: called on the loop with what was heard, after the snapshots dropped it.
        lost: called on the loop when rows are missing.
    """

    def __init__(
        self,
        open_feed: Callable[[], Feed],
        snapshots: Snapshots,
        changed: Callable[[Sequence[Change]], None],
        lost: Callable[[], None],
        gap: type[Exception],
    ) -> None:
        super().__init__(open_feed, gap)
        self._snapshots = snapshots
        self._changed = changed
        self._lost = lost

    def _heard(self, changes: Sequence[Change] | None) -> None:
        self._snapshots.fresh_at = time.monotonic()
        if changes:
            self._snapshots.drop(changes)
            self._changed(changes)

    def _gone(self) -> None:
        self._snapshots.clear()
        self._snapshots.fresh_at = time.monotonic()
        self._lost()


class Bell(Hearing):
    """Rings within this process whenever something may have been committed, for all who wait for it.

    A ring is a hint: whoever hears it looks by itself, and finds nothing now and then.
    """

    def __init__(self, open_feed: Callable[[], Feed], gap: type[Exception]) -> None:
        super().__init__(open_feed, gap)
        self._waiting: set[asyncio.Event] = set()

    def listen(self) -> asyncio.Event:
        """An event that is set at each ring from now on; whoever waits clears it."""
        rung = asyncio.Event()
        self._waiting.add(rung)
        return rung

    def leave(self, rung: asyncio.Event) -> None:
        """Listen no longer."""
        self._waiting.discard(rung)

    def _heard(self, changes: Sequence[Change] | None) -> None:
        if changes is not None:
            self._gone()

    def _gone(self) -> None:
        for each in self._waiting:
            each.set()


def _close(feed: Feed | None) -> None:
    """Give its connection back, or the pool is empty after a few failures; one that failed may fail at that
    too.
    """
    if feed is None:
        return
    try:
        feed.close()
    except Exception:
        _log.exception("the change feed could not be closed")


class WriteBehind:
    """Writes the contacts that requests left, in batches.

    Attributes:
        lost: contacts that the database did not take.
    """

    def __init__(
        self,
        snapshots: Snapshots,
        write: Callable[[Sequence[Contact]], Awaitable[None]],
        every_s: float = WRITE_BEHIND_S,
    ) -> None:
        self._snapshots = snapshots
        self._write = write
        self._rounds = Rounds(self._flush, every_s, name="write-behind")
        self.lost = 0

    def start(self) -> None:
        """Write from now on; call from the loop's thread."""
        self._rounds.start()

    async def stop(self) -> None:
        """Write what is left."""
        self._rounds.stop()
        await self._flush()

    async def _flush(self) -> None:
        """A contact is worth less than a request: what the database refuses now is lost, and said."""
        contacts = self._snapshots.take_contacts()
        if not contacts:
            return
        try:
            await self._write(contacts)
        except GatewayError:
            self.lost += len(contacts)
            _log.warning("%d last contacts were not written", len(contacts))


class Rounds:
    """Work that is done again and again while the process lives; a failed round is said and passed over."""

    def __init__(
        self,
        work: Callable[[], Awaitable[object]],
        every_s: float,
        *,
        name: str,
        at_once: bool = False,
    ) -> None:
        self._work = work
        self._every_s = every_s
        self._name = name
        self._at_once = at_once
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """The first round comes after ``every_s`` seconds, or ``at_once``; call from the loop's thread."""
        self._task = background(self._run(), name=self._name)

    def stop(self) -> None:
        """No further round."""
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        if self._at_once:
            await self._once()
        while True:
            await asyncio.sleep(self._every_s)
            await self._once()

    async def _once(self) -> None:
        try:
            await self._work()
        except GatewayError as error:
            _log.warning("%s: %s", self._name, error)
        except Exception:  # the next round may go well; none at all would not be noticed
            _log.exception("%s failed", self._name)


class Woken(Rounds):
    """Rounds that come at each ring of a bell too; the first one comes at once."""

    def __init__(
        self, work: Callable[[], Awaitable[object]], every_s: float, bell: Bell, *, name: str
    ) -> None:
        super().__init__(work, every_s, name=name)
        self._bell = bell

    async def _run(self) -> None:
        rung = self._bell.listen()
        try:
            while True:
                rung.clear()
                await self._once()
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._every_s):
                        await rung.wait()
        finally:
            self._bell.leave(rung)

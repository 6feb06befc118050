"""What runs out while somebody waits: one timer for the next of it in a process (product 3.4, 6.1).

An override or a suspension ends at a time and nobody announces it. A request that comes is decided anew by
itself (``services.snapshots.Known``); a long poll that hangs has to be looked at. Only devices that have one
are entered here, so nothing ever goes over all devices.
"""

import asyncio
import heapq
import time
from collections.abc import Callable, Collection
from math import inf

from mdm.device import DeviceKey

LONGEST_S = 30.0
"""Longest sleep: the clock on the wall may be set while the timer runs on the monotonic one."""


class Expiries:
    """Calls ``due`` with the devices for which something has run out; on the event loop's thread only."""

    def __init__(self, due: Callable[[Collection[DeviceKey]], None]) -> None:
        self._due = due
        self._heap: list[tuple[float, tuple[str, str, str]]] = []
        self._entered: set[tuple[float, tuple[str, str, str]]] = set()
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._heap)

    def watch(self, key: DeviceKey, until: float) -> None:
        """Look at the device again at ``until``, seconds since the epoch; infinity for never."""
        entry = until, (key.organisation, key.user, key.device_id)
        if until == inf or entry in self._entered:
            return
        self._entered.add(entry)
        heapq.heappush(self._heap, entry)
        if self._heap[0] is entry:
            self._wind()

    def stop(self) -> None:
        """No further call."""
        if self._timer is not None:
            self._timer.cancel()

    def _wind(self) -> None:
        self.stop()
        if self._heap:
            wait_s = min(max(self._heap[0][0] - time.time(), 0.0), LONGEST_S)
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._strike)

    def _strike(self) -> None:
        due: set[DeviceKey] = set()
        now = time.time()
        while self._heap and self._heap[0][0] <= now:
            entry = heapq.heappop(self._heap)
            self._entered.discard(entry)
            due.add(DeviceKey(*entry[1]))
        if due:
            self._due(due)
        self._wind()

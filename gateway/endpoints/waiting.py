"""Who comes to the door and is told to wait (product 6.5): entered into the queue, and counted.

Entering and leaving are rare and written at once; how often a device came is written behind, with the last
contacts. The decision itself never waits for the queue: when the database is away, the device is entered when
it comes next.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from gateway.endpoints.threads import Threads
from gateway.errors import GatewayError
from gateway.records import Actor
from gateway.services.quarantine import Quarantine
from gateway.services.snapshots import Known
from mdm.access import AccessDecision
from mdm.device import AccessLevel, DeviceKey
from mdm.lifecycle import WIPING

MAXIMUM_COUNTED = 100_000
"""Devices counted between two writes."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Count:
    requests: int
    last: datetime


class WaitingRoom:
    """The queue as the door sees it; on the event loop's thread only.

    Args:
        now: seconds since the epoch.
    """

    def __init__(self, quarantine: Quarantine, threads: Threads, now: Callable[[], float]) -> None:
        self._quarantine = quarantine
        self._threads = threads
        self._now = now
        self._counts: dict[DeviceKey, _Count] = {}

    async def heed(self, known: Known, access: AccessDecision, actor: Actor) -> None:
        """A device came and was answered so."""
        held = access.level is AccessLevel.QUARANTINE
        if known.device.state in WIPING or (not held and known.device.held_since is None):
            return
        if held is (known.device.held_since is not None):
            self._count(known.device.key)
            return
        try:
            key = known.device.key
            known.device = await self._threads.store(self._quarantine.notice, key, access, actor)
        except GatewayError as error:
            _log.warning("the queue of waiting devices was not written: %s", error)

    async def write(self) -> None:
        """Write what was counted; what the database refuses now is lost, as a last contact is."""
        counts, self._counts = self._counts, {}
        batch = [(key, count.requests, count.last) for key, count in counts.items()]
        if batch:
            await self._threads.store(self._quarantine.counted, batch)

    def _count(self, key: DeviceKey) -> None:
        at = datetime.fromtimestamp(self._now(), UTC)
        count = self._counts.get(key)
        if count is not None:
            count.requests += 1
            count.last = at
        elif len(self._counts) < MAXIMUM_COUNTED:
            self._counts[key] = _Count(1, at)

"""Finding what is known of a visitor: the snapshot, or the database behind it (house.md 4 step 4, 4a).

When the database does not answer, a device that was known keeps its last verdict for ``last_verdict_s`` and
an unknown one gets 503: an outage never opens the door (T30).
"""

import asyncio
import time
from dataclasses import dataclass, field

from gateway.endpoints.credentials import Basic
from gateway.endpoints.headers import RequestHeaders
from gateway.endpoints.threads import Threads
from gateway.endpoints.waiting import WaitingRoom
from gateway.errors import GatewayError, Kind
from gateway.log import Trace
from gateway.proxy.asgi import RawHeaders
from gateway.services.enrolment import TooManyDevices
from gateway.services.login import Principal
from gateway.services.partnerships import device_actor
from gateway.services.recollection import Recollection
from gateway.services.snapshots import Known, Snapshots, Source
from mdm.device import AccessLevel
from mdm.gatekeeper import Forward, Refuse, Verdict, admit
from mdm.lifecycle import WIPING
from mdm.query import CommandRequest

READS = 3
"""Times that a partnership is read while changes overtake the reading; a change is heard within 0.1 s."""

READ_S = 5.0
"""Seconds that a reading may take before the database counts as away: one that hangs is no better than one
that refuses, and a phone's user is waiting."""

_ALLOW = AccessLevel.ALLOW

AWAY_S = 1.0
"""Seconds for which the devices that are known are then judged without asking it again."""


@dataclass(slots=True)
class Visit:
    """One request on its way through the door.

    Attributes:
        raw: the headers as they came, for the proxy's allow-list.
    """

    request: CommandRequest
    headers: RequestHeaders
    raw: RawHeaders = field(repr=False)
    basic: Basic
    principal: Principal
    trace: Trace

    @property
    def source(self) -> Source:
        """What the access rules may ask of this very request (product 6.2)."""
        return self.trace.client, self.headers.user_agent


class Door:
    """Snapshot first, database when it must be.

    Args:
        last_verdict_s: how long a known device is still judged by an old snapshot while the database is away.
        waiting: where devices in quarantine are entered, None for nowhere.
    """

    def __init__(
        self,
        snapshots: Snapshots,
        recollection: Recollection,
        threads: Threads,
        *,
        last_verdict_s: float,
        waiting: WaitingRoom | None = None,
    ) -> None:
        self._waiting = waiting
        self._snapshots = snapshots
        self._recollection = recollection
        self._threads = threads
        self._last_verdict_s = last_verdict_s
        self._away_until = float("-inf")

    async def judge(self, visit: Visit) -> tuple[Known, Verdict] | TooManyDevices:
        """The partnership and the verdict on this request.

        A snapshot lags behind by the change feed's time, so it may admit but never refuse: a device that has
        just been given its key by another worker would be told to provision again.

        Raises:
            GatewayError: as ``recall``, and UNAVAILABLE while the organisation does not serve (product 1).
        """
        remembered = self.remembered(visit)
        if remembered is not None and remembered.serving:
            verdict = _verdict(visit, remembered)
            if not isinstance(verdict, Refuse):
                if remembered.access.level is not _ALLOW or remembered.device.held_since is not None:
                    await self._heeded(visit, remembered)
                return remembered, verdict
        known = await self.recall(visit)
        if isinstance(known, TooManyDevices):
            return known
        if not known.serving and known.device.state not in WIPING:
            raise GatewayError(Kind.UNAVAILABLE, "the organisation is not active")
        verdict = _verdict(visit, known)
        await self._heeded(visit, known)
        return known, verdict

    async def _heeded(self, visit: Visit, known: Known) -> None:
        """Who is told to wait is entered into the queue, and leaves it with another answer."""
        if self._waiting is not None:
            ip, user_agent = visit.source
            actor = device_actor(known.device.key, ip, user_agent, visit.trace.request_id)
            await self._waiting.heed(known, known.access, actor)

    async def admits(self, visit: Visit) -> bool:
        """Whether a request that was let through some seconds ago would be now; raises as ``judge``."""
        judged = await self.judge(visit)
        return not isinstance(judged, TooManyDevices) and isinstance(judged[1], Forward)

    def remembered(self, visit: Visit) -> Known | None:
        """The snapshot, if there is one and the change feed is heard; the hot path's only call."""
        known = self._snapshots.get(visit.principal.user, visit.request.device_id)
        if known is None or not self._snapshots.trusted(time.monotonic()):
            return None
        return known

    async def recall(self, visit: Visit) -> Known | TooManyDevices:
        """Read the partnership from the database, making it at first sight.

        Raises:
            GatewayError: UNAVAILABLE when the database is away and nothing is known, or for too long;
                NOT_FOUND when the user is gone.
        """
        last = self._last_known(visit) if time.monotonic() < self._away_until else None
        if last is not None:
            return last
        for _ in range(READS):
            mark = self._snapshots.mark()
            try:
                known = await self._read(visit)
            except GatewayError as error:
                if error.kind is not Kind.UNAVAILABLE:
                    raise
                self._away_until = time.monotonic() + AWAY_S
                last = self._last_known(visit)
                if last is None:
                    raise
                return last
            if isinstance(known, TooManyDevices) or self._kept(known, mark):
                return known
        raise GatewayError(Kind.UNAVAILABLE, "the partnership changes faster than it can be read")

    async def _read(self, visit: Visit) -> Known | TooManyDevices:
        try:
            async with asyncio.timeout(READ_S):
                return await self._threads.store(
                    self._recollection.known,
                    visit.principal,
                    visit.request,
                    ip=visit.trace.client,
                    user_agent=visit.headers.user_agent,
                )
        except TimeoutError as error:
            raise GatewayError(Kind.UNAVAILABLE) from error

    def _kept(self, known: Known, mark: int) -> bool:
        """Remember what was read; False when a change has overtaken it: a Ping that parks on it would hang
        for an hour, because the change was heard before there was a Ping to cut.
        """
        self._snapshots.put(known, mark)
        key = known.device.key
        return self._snapshots.get(key.user, key.device_id) is known

    def _last_known(self, visit: Visit) -> Known | None:
        silent = time.monotonic() - self._snapshots.fresh_at
        if silent > self._last_verdict_s:
            return None
        return self._snapshots.get(visit.principal.user, visit.request.device_id)


def _verdict(visit: Visit, known: Known) -> Verdict:
    terms = known.terms(visit.request.version, time.time(), visit.source)
    return admit(visit.request, known.device, terms)

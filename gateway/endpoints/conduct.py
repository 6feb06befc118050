"""Watching how a known device behaves, request by request (product 5.8; T4, T5, T31).

Counting is memory of this process and costs about a microsecond; the database hears only of what has
consequences: a suspension, a dispute about who the device is, the end of a loop. With N client workers a
device that spreads its connections may do N times as much. A device that is slowed down is told 503 with
Retry-After, as spec/eas-protocol.md 6.3 wants it, since a challenge would be answered at once and forever.
A pending wipe outranks all of this: a device that is to be wiped is never sent away.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Any

from gateway.endpoints.bodies import Inspected
from gateway.endpoints.door import Visit
from gateway.endpoints.rendering import later
from gateway.endpoints.threads import Threads
from gateway.errors import GatewayError
from gateway.log import background
from gateway.proxy.forward import Outcome
from gateway.services.identity import Identities
from gateway.services.misbehaviour import Misbehaviour, conduct_of
from gateway.services.partnerships import device_actor
from gateway.services.snapshots import Known
from mdm import identity
from mdm.ashttp import Command, Reply
from mdm.device import DeviceKey
from mdm.families import family_of
from mdm.gatekeeper import Forward, Refuse, Verdict
from mdm.lifecycle import WIPING
from mdm.loops import RECOVERED, paused_until
from mdm.misbehaviour import Behaviour, Crossing, Tally, Window

MAXIMUM_WATCHED = 200_000
"""Devices watched by one process, about 0.7 KiB each; the one met first goes first, and begins anew."""

HOUR_S = 3600.0
CHALLENGE = "provision"
"""The gatekeeper's word for a refusal that sends the device to Provision."""

_KEYLESS_COMMANDS = frozenset({Command.PROVISION, Command.PING})
"""They show no key, or need none."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Doubt:
    """The device may not be who it says: words for an administrator, and what it claims to be now."""

    words: str
    claimed: str = ""


class Watched:
    """A device as this process has watched it."""

    __slots__ = (
        "device_type",
        "displaced",
        "former",
        "former_from",
        "key",
        "keyless",
        "known",
        "paused_until",
        "suspended",
        "tally",
        "well_at",
    )

    def __init__(self, tally: Tally, now: float) -> None:
        self.tally = tally
        self.known: Known | None = None
        self.device_type = ""
        self.key = 0
        self.former = 0
        self.former_from = inf
        self.keyless = 0
        self.displaced = Window(now)
        self.suspended = False
        self.paused_until = 0.0
        self.well_at = inf


class ConductWatch:
    """Counts, slows down, and has the services decide what lasts.

    Args:
        monotonic: seconds that never go back, for windows; ``epoch``: seconds since 1970, for the record.
    """

    def __init__(
        self,
        misbehaviour: Misbehaviour,
        identities: Identities,
        threads: Threads,
        monotonic: Callable[[], float] = time.monotonic,
        epoch: Callable[[], float] = time.time,
    ) -> None:
        self._misbehaviour = misbehaviour
        self._identities = identities
        self._threads = threads
        self._monotonic = monotonic
        self._epoch = epoch
        self._watched: dict[tuple[str, str], Watched] = {}
        self._names: dict[tuple[str, str], tuple[str, str]] = {}
        self._telling = asyncio.Lock()

    def heed(self, visit: Visit, known: Known, verdict: Verdict) -> Reply | Doubt | None:
        """Count a request: None lets it pass. The hot path's only call besides ``synced``."""
        key, request = known.device.key, visit.request
        now = self._monotonic()
        watched = self._watched.get((key.user, key.device_id))
        if watched is None or watched.known is not known:
            watched = self._meet(visit, known, now)
        tally, user_agent = watched.tally, visit.headers.user_agent
        if user_agent != tally.user_agent or request.device_type != watched.device_type:
            doubt = _jump(known, watched, user_agent, request.device_type)
            if doubt is not None:
                return doubt
        if request.policy_key != watched.key or not watched.key or watched.keyless:
            doubt = _about_key(visit, known, watched, now)
            if doubt is not None:
                return doubt
        crossing = tally.request(now, user_agent)
        if crossing is not None:
            self._follow(known, tally, crossing)
        if now < tally.slowed_until and known.device.state not in WIPING:
            return later(tally.slowed_until - now)
        if watched.paused_until or watched.well_at < inf:
            return self._looping(known, watched, verdict)
        return None

    def synced(self, known: Known, seen: Inspected) -> None:
        """Count a Sync by what it asks for, where its body was looked at."""
        watched = self._watched.get((known.device.key.user, known.device.key.device_id))
        if watched is not None and seen.fingerprint:
            crossing = watched.tally.sync(seen.fingerprint, self._monotonic())
            if crossing is not None:
                self._follow(known, watched.tally, crossing)

    def ended(self, known: Known, outcome: Outcome) -> None:
        """Count what the backend could not do for this device. A backend that is away is nobody's fault."""
        if outcome.backend_status == 500:
            self.failed(known.device.key)

    def failed(self, key: DeviceKey) -> None:
        """Count a request that was malformed or failed."""
        self._count(key.user, key.device_id, Behaviour.ERRORS)

    def refused(self, username: str, device_id: str) -> None:
        """Count a wrong password of a device that signed in here before; the answer is the same for all, so
        that nobody learns which devices there are (T7), and guessing itself is ``services.throttle``'s."""
        met = self._names.get((username.lower(), device_id))
        if met is not None:
            self._count(*met, Behaviour.AUTHENTICATION)

    def paused_s(self, known: Known) -> float:
        """Seconds for which the device is not to ask for a policy, 0 for no pause."""
        watched = self._watched.get((known.device.key.user, known.device.key.device_id))
        if watched is None or known.device.state in WIPING:
            return 0.0
        return max(watched.paused_until - self._epoch(), 0.0)

    async def dispute(self, visit: Visit, known: Known, doubt: Doubt) -> None:
        """Have the doubt written down; what is asked after this finds it."""
        actor = device_actor(
            known.device.key, visit.trace.client, visit.headers.user_agent, visit.trace.request_id
        )
        await self._threads.store(
            self._identities.dispute, known.device.key, doubt.words, actor, doubt.claimed
        )

    def _count(self, user: str, device_id: str, behaviour: Behaviour) -> None:
        watched = self._watched.get((user, device_id))
        if watched is None or watched.known is None:
            return
        slowed = watched.tally.slowed_until
        crossing = watched.tally.count(behaviour, self._monotonic())
        if behaviour is Behaviour.AUTHENTICATION:  # who knows the right password is not sent away for it
            watched.tally.slowed_until = slowed
        if crossing is not None:
            self._follow(watched.known, watched.tally, crossing)

    def _meet(self, visit: Visit, known: Known, now: float) -> Watched:
        """A device that is new here, or of which something changed."""
        device, name = known.device, (known.device.key.user, known.device.key.device_id)
        service = family_of(visit.headers.user_agent, visit.request.device_type).service
        thresholds = conduct_of(known.view.organisation).of(service=service)
        watched = self._watched.get(name)
        if watched is None:
            watched = self._watched[name] = Watched(Tally(thresholds, now), now)
            _bound(self._watched)
            self._names[(visit.basic.username.lower(), name[1])] = name
            _bound(self._names)
        sentenced = watched.suspended or watched.tally.sentenced_until > now
        if sentenced and device.suspended_until is None:  # an administrator let it go: it begins anew
            watched.tally = Tally(thresholds, now)
        watched.tally.measure(thresholds)
        watched.known = known
        watched.suspended = device.suspended_until is not None
        paused = paused_until(device, thresholds[Behaviour.PROVISIONING_LOOP])
        watched.paused_until = 0.0 if paused is None else paused.timestamp()
        _know_key(watched, device.policy_key, now)
        given = device.provisioned_at
        well = bool(device.diagnosis) and given is not None
        watched.well_at = given.timestamp() + RECOVERED.total_seconds() if well and given else inf
        return watched

    def _looping(self, known: Known, watched: Watched, verdict: Verdict) -> Reply | None:
        now = self._epoch()
        if isinstance(verdict, Refuse):
            pausing = verdict.reason == CHALLENGE and now < watched.paused_until
            return later(watched.paused_until - now) if pausing else None
        if isinstance(verdict, Forward) and now >= watched.well_at:
            watched.well_at = inf
            self._later_on(known, self._misbehaviour.recover, known.device.key)
        return None

    def _follow(self, known: Known, tally: Tally, crossing: Crossing) -> None:
        if known.device.state in WIPING:
            return
        act = self._misbehaviour.suspend if crossing.suspend else self._misbehaviour.slowed
        self._later_on(known, act, known.device.key, crossing, tally=tally if crossing.suspend else None)

    def _later_on(
        self, known: Known, act: Callable[..., Any], *values: object, tally: Tally | None = None
    ) -> None:
        """Have the database told beside the request, one thing after the other: the trail has them in the
        order in which they happened. A suspension that was not written is asked for again."""

        async def told() -> None:
            try:
                async with self._telling:
                    await self._threads.store(act, *values)
            except GatewayError as error:
                _log.warning("conduct of %s was not recorded: %s", known.device.key.user, error)
                if tally is not None:
                    tally.sentenced_until = -inf

        background(told(), name="conduct")


def _jump(known: Known, watched: Watched, user_agent: str, device_type: str) -> Doubt | None:
    watched.device_type = device_type
    device = known.device
    if device.conflict or device.state in WIPING:
        return None
    words = identity.jump(device, user_agent, device_type)
    if not words:
        return None
    watched.device_type = ""  # asked again at the next request, should this one not be written down
    return Doubt(words, f"{identity.seems(device, user_agent, device_type)}/{device_type}")


def _know_key(watched: Watched, key: int, now: float) -> None:
    if key == watched.key:
        return
    if key and watched.key:
        watched.former, watched.former_from = watched.key, now + identity.SETTLED.total_seconds()
    if key:
        watched.key = key
        watched.keyless = 0


def _about_key(visit: Visit, known: Known, watched: Watched, now: float) -> Doubt | None:
    """A request without the key in force."""
    device, sent = known.device, visit.request.policy_key
    if visit.request.command is Command.PROVISION:
        watched.keyless = 0  # it asks for a key, as a restored phone does
    if visit.request.command in _KEYLESS_COMMANDS or device.conflict or device.state in WIPING:
        return None
    if sent and sent == device.policy_key:
        watched.keyless = 0
        return None
    if not sent and device.proof_key:
        watched.keyless += 1
        return Doubt(identity.keyless()) if watched.keyless >= identity.KEYLESS else None
    if sent and sent == watched.former and now >= watched.former_from:
        watched.former = 0
        times = watched.displaced.add(1, now, HOUR_S)
        return Doubt(identity.displaced()) if times >= identity.DISPLACED else None
    return None


def _bound(held: dict[Any, Any]) -> None:
    if len(held) > MAXIMUM_WATCHED:
        del held[next(iter(held))]

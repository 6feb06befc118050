"""When a mail server demands provisioning of its own: one handshake for all who wait for it (product 3.5).

Twenty requests that a phone sends at once are refused together; the first begins a handshake, the others of
this process wait for it, those of another process find it in the database. A handshake that came to nothing
is not begun again at once, for every request of the phone would begin one.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.endpoints.threads import Threads
from gateway.proxy import provisioner
from gateway.proxy.provisioner import Asker
from gateway.proxy.upstream import Upstream
from gateway.services.backend_keys import BackendKeys, Go, Use, Wait
from mdm.ashttp import Reply
from mdm.device import DeviceKey
from mdm.handshake import Granted, NotNeeded, Ordered, Refused, digest_of, rides_along

LOOK_S = 0.2
"""How often it is looked whether another process has come to an end."""

LOOKS = 100

PAUSE_S = 30.0
"""After a handshake that came to nothing."""

LONG_PAUSE_S = 300.0
"""While the backend orders a wipe or has had too many: only an administrator changes that."""

MAXIMUM_PAUSES = 20_000

SOON = Reply(503, (("Retry-After", "1"),))
"""For a request whose body has flowed away: the handshake is under way, and the next one will be served."""

Place = tuple[DeviceKey, str]


@dataclass(frozen=True, slots=True)
class Settled:
    """Ask again with this key, None where the backend wants none.

    Attributes:
        fresh: it comes of a handshake that was done now, so a second refusal is no accident.
    """

    key: int | None = field(repr=False)
    fresh: bool


@dataclass(frozen=True, slots=True)
class PutOff:
    """There is no key; the device may come again in so many seconds."""

    seconds: float

    @property
    def reply(self) -> Reply:
        """What the device is told."""
        return Reply(503, (("Retry-After", str(int(self.seconds))),))


Settlement = Settled | PutOff


class Handshakes:
    """The handshakes of one process."""

    def __init__(
        self, keys: BackendKeys, threads: Threads, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._keys = keys
        self._threads = threads
        self._clock = clock
        self._running: dict[Place, asyncio.Task[Settlement]] = {}
        self._pauses: OrderedDict[Place, float] = OrderedDict()

    def pause(self, place: Place) -> PutOff | None:
        """Whether nothing may be begun now."""
        until = self._pauses.get(place)
        left = 0.0 if until is None else until - self._clock()
        return PutOff(max(1.0, left)) if left > 0 else None

    def begin(
        self, place: Place, upstream: Upstream, asker: Asker, used: int | None
    ) -> asyncio.Task[Settlement]:
        """The handshake for this partnership, begun now or already under way.

        Args:
            used: the key that the backend did not take.
        """
        running = self._running.get(place)
        if running is None:
            work = self._settle(place, upstream, asker, used or 0)
            running = self._running[place] = asyncio.get_running_loop().create_task(work, name="handshake")
            running.add_done_callback(lambda task: self._ended(place, task))
        return running

    async def ordered(self, place: Place, order: Ordered) -> PutOff:
        """Keep a wipe that the backend orders, for an administrator to see."""
        if self.pause(place) is None:
            self._put_off(place, LONG_PAUSE_S)
            await self._threads.store(self._keys.ordered, *place, order.kind)
        return PutOff(LONG_PAUSE_S)

    async def served(self, place: Place) -> None:
        """The backend that ordered a wipe has served the device."""
        self._pauses.pop(place, None)
        await self._threads.store(self._keys.served, *place)

    async def inform(self, place: Place, upstream: Upstream, asker: Asker, key: int | None) -> None:
        """Tell the backend what the device is; a backend that does not take it is served all the same."""
        aside = (place[0], f"{place[1]}: information")  # no backend has such a name
        if self.pause(aside) is not None:
            return
        self._put_off(aside, LONG_PAUSE_S)
        if await provisioner.inform(upstream, asker, key):
            await self._threads.store(self._keys.told, *place, digest_of(asker.information))

    async def _settle(self, place: Place, upstream: Upstream, asker: Asker, used: int) -> Settlement:
        if (pause := self.pause(place)) is not None:
            return pause
        for _ in range(LOOKS):
            begun = await self._threads.store(self._keys.begin, *place, used)
            if isinstance(begun, Go):
                return await self._shake(place, upstream, asker)
            if isinstance(begun, Use):
                return Settled(begun.policy_key, fresh=False)
            if not isinstance(begun, Wait):
                return self._put_off(place, LONG_PAUSE_S)
            await asyncio.sleep(LOOK_S)
        return PutOff(PAUSE_S)

    async def _shake(self, place: Place, upstream: Upstream, asker: Asker) -> Settlement:
        match await provisioner.provision(upstream, asker):
            case Granted(key):
                await self._threads.store(self._keys.granted, *place, key, _told(asker))
                return Settled(key, fresh=True)
            case NotNeeded():
                await self._threads.store(self._keys.granted, *place, 0, "")
                return Settled(None, fresh=True)
            case Ordered() as order:
                return await self.ordered(place, order)
            case Refused(reason):
                await self._threads.store(self._keys.failed, *place, _sentence(place[1], reason))
                return self._put_off(place, PAUSE_S)

    def _ended(self, place: Place, task: asyncio.Task[Settlement]) -> None:
        """An exception counts as seen: who waited was told, and whoever left does not care."""
        self._running.pop(place, None)
        if not task.cancelled():
            task.exception()

    def _put_off(self, place: Place, seconds: float) -> PutOff:
        self._pauses[place] = self._clock() + seconds
        if len(self._pauses) > MAXIMUM_PAUSES:
            self._pauses.popitem(last=False)
        return PutOff(seconds)


def _told(asker: Asker) -> str:
    """Digest of what the first phase said of the device, empty where it said nothing."""
    if not rides_along(asker.request.version, asker.information):
        return ""
    return digest_of(asker.information)


def _sentence(backend: str, reason: str) -> str:
    return f"The mail server {backend!r} demands provisioning, but {reason}."

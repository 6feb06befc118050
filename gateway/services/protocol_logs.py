"""The protocol log of one device (product 8, T28): switched on for a while, written behind, gone after a day.

Switching it on and off are acts; that it ended by itself is one of the gateway's. What is written is redacted
before it comes here (``endpoints.tracing``).
"""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from gateway.errors import GatewayError, Kind, malformed
from gateway.records import Actor, AuditTag, Scope
from gateway.records.protocol import Exchange, Traced
from gateway.services.acts import Act, Acts, Entry
from gateway.services.partnerships import target_of
from gateway.services.ports import Clock, Store
from mdm.device import DeviceKey

SHORTEST, USUAL, LONGEST = timedelta(minutes=1), timedelta(minutes=30), timedelta(hours=24)
KEPT = timedelta(hours=24)
MOST = 5000
"""Exchanges of one device that are kept: a day of a busy phone."""

TRACED_AT_ONCE = 100
"""Devices traced at the same time: each costs a row for each request of its."""

SYSTEM = Actor("system", "gateway")


class ProtocolLogs:
    """Switches, writes and reads."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._acts = Acts(store, clock)

    def switch_on(self, actor: Actor, key: DeviceKey, length: timedelta = USUAL, reason: str = "") -> Traced:
        """Record the exchanges of a device from now on, or for longer than was said before.

        Raises:
            GatewayError: MALFORMED for a length that is not allowed; NOT_FOUND without the device; CONFLICT
                when too many are traced.
        """
        if not SHORTEST <= length <= LONGEST:
            raise malformed("minutes", "A protocol log lasts from 1 minute to 24 hours.")
        act = Act(AuditTag.PROTOCOL_LOG_ON, actor, key.organisation, target_of(key), reason)
        return self._acts.perform(act, lambda entry: self._switched_on(entry, key, length))

    def switch_off(self, actor: Actor, key: DeviceKey, reason: str = "") -> None:
        """Record no more; what was recorded can still be read. NOT_FOUND where nothing is recorded."""
        act = Act(AuditTag.PROTOCOL_LOG_OFF, actor, key.organisation, target_of(key), reason)
        self._acts.perform(act, lambda entry: _switched_off(entry, key))

    def state(self, key: DeviceKey) -> Traced | None:
        """Whether the device is being recorded, and until when."""
        with self._store.read() as transaction:
            found = transaction.protocol_log.traced(key)
        return next((one for one in found if one.until > self._clock.now()), None)

    def read(self, key: DeviceKey, after: int = 0, limit: int = 100) -> Sequence[Exchange]:
        """What was recorded, the oldest first; of a device that is gone as well."""
        with self._store.read() as transaction:
            return transaction.protocol_log.read(key, after, limit)

    def traced(self) -> Sequence[Traced]:
        """Every device that is being recorded."""
        now = self._clock.now()
        with self._store.read() as transaction:
            return [one for one in transaction.protocol_log.traced() if one.until > now]

    def write(self, exchanges: Sequence[Exchange]) -> None:
        """Keep what was recorded; not a change of state, so the trail has none of it."""
        with self._store.write() as transaction:
            transaction.protocol_log.append(exchanges)

    def round(self) -> None:
        """End what is over, and let go of what is old."""
        with self._store.read() as transaction:
            over = [one for one in transaction.protocol_log.traced() if one.until <= self._clock.now()]
        for one in over:
            act = Act(
                AuditTag.PROTOCOL_LOG_OFF,
                SYSTEM,
                one.key.organisation,
                target_of(one.key),
                "its time is over",
            )
            self._acts.perform(act, partial(_ended, key=one.key))
        with self._store.write() as transaction:
            transaction.protocol_log.prune(self._clock.now() - KEPT, MOST)

    def _switched_on(self, entry: Entry, key: DeviceKey, length: timedelta) -> Traced:
        transaction = entry.transaction
        if transaction.devices.get(key) is None:
            raise GatewayError(Kind.NOT_FOUND, "There is no such device.")
        others = [
            one for one in transaction.protocol_log.traced() if one.key != key and one.until > entry.now
        ]
        if len(others) >= TRACED_AT_ONCE:
            raise GatewayError(Kind.CONFLICT, f"{TRACED_AT_ONCE} devices are traced already.")
        traced = Traced(key, entry.now, entry.now + length, entry.act.actor.name)
        transaction.protocol_log.switch_on(traced)
        entry.record(after={"until": traced.until.isoformat()})
        entry.announce(Scope.DEVICE, key.organisation, key.user, key.device_id)
        return traced


def _switched_off(entry: Entry, key: DeviceKey) -> None:
    if not _ended(entry, key):
        raise GatewayError(Kind.NOT_FOUND, "This device is not traced.")


def _ended(entry: Entry, key: DeviceKey) -> bool:
    if not entry.transaction.protocol_log.switch_off(key):
        return False
    entry.record()
    entry.announce(Scope.DEVICE, key.organisation, key.user, key.device_id)
    return True

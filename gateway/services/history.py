"""Numbers over time, for charts (product 7.2): kept fine for two days, by the hour for two months, by the day
for two years. So there are at most some 2,800 rows of the gateway's traffic, of which the finest are a
machine's own, and 730 of each organisation's devices.

Everything here is done by the administration's process, in a transaction each: none, or all of it.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from gateway.records.history import DAY, FIVE_MINUTES, HOUR, DeviceDay, Traffic, folded, slot
from gateway.services.ports import Clock, Store
from gateway.services.tenants import found

FINE, HOURLY, DAILY = timedelta(days=2), timedelta(days=60), timedelta(days=730)
"""How long numbers of five minutes, of an hour and of a day are kept."""

SHORT, LONG = timedelta(hours=6), timedelta(days=7)
"""Up to which time numbers of five minutes, and of an hour, are shown: beyond a chart has no room."""


class History:
    """Keeps and shows the numbers."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def keep(self, machine: str, counted: Mapping[str, int]) -> None:
        """Keep what a machine counted lately, by the names of ``Traffic``; older numbers are thinned.

        Raises:
            GatewayError: UNAVAILABLE, and CONFLICT where another machine was first; nothing is kept then.
        """
        now = self._clock.now()
        with self._store.write() as transaction:
            history = transaction.history
            history.add(Traffic(slot(now, FIVE_MINUTES), FIVE_MINUTES, machine, **counted))
            for span_s, kept, wider_s in ((FIVE_MINUTES, FINE, HOUR), (HOUR, HOURLY, DAY)):
                for each in folded(history.take(span_s, slot(now - kept, wider_s)), wider_s):
                    history.add(each)
            history.prune(now - DAILY)

    def count_devices(self) -> None:
        """Keep how many devices there are by organisation and state, as the numbers of this day. Raises as
        ``keep``."""
        with self._store.write() as transaction:
            transaction.history.count(slot(self._clock.now(), DAY))

    def traffic(self, hours: int) -> Sequence[Traffic]:
        """What all machines did in the last hours, the oldest first; a span without a row had no gateway."""
        back = timedelta(hours=hours)
        span_s = FIVE_MINUTES if back <= SHORT else HOUR if back <= LONG else DAY
        with self._store.read() as transaction:
            rows = transaction.history.since(slot(self._clock.now() - back, span_s), span_s)
        return folded(rows, span_s)

    def devices(self, organisation: str, days: int) -> Sequence[DeviceDay]:
        """An organisation's devices on the last days, the oldest first; NOT_FOUND."""
        since = slot(self._clock.now(), DAY) - timedelta(days=days - 1)
        with self._store.read() as transaction:
            return transaction.history.days(found(transaction, organisation).id, since)

"""The emergency brake (product 5.5; research/wants.md 3): every wipe that no device has seen is taken back.

The first transaction freezes the organisation and closes what waits for approval, so whoever was ordering
cannot go on; the wipes follow a page at a time. What was delivered cannot be taken back, and is counted so
that nobody believes otherwise. A crash half way leaves the organisation frozen: pull the brake once more.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.records import Actor, AuditTag
from gateway.services.acts import Act, Acts, Entry
from gateway.services.ports import Clock, Store
from gateway.services.tenants import found
from gateway.services.wipe_guards import freeze
from gateway.services.wipes import cancel_in
from mdm.orders import Progress, WipeOrder

PAGE = 200
"""Orders that one transaction takes back: other writers wait for it."""

UNDELIVERED = (Progress.QUEUED,)
DELIVERED = (Progress.DELIVERED, Progress.FAILED)
REMAINDER = "Wipes that were delivered cannot be taken back: those devices may have obeyed already."


@dataclass(frozen=True, slots=True)
class Stopped:
    """What a panic did in one organisation.

    Attributes:
        cancelled: wipes that no device had fetched; ``unapproved``: orders that waited for approval.
        delivered: DeviceIds of wipes that a device has fetched and not acknowledged; they stay ordered.
    """

    organisation: str
    cancelled: int
    unapproved: int
    delivered: tuple[str, ...]


class Panic:
    """Takes back what can be taken back."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._acts = Acts(store, clock)

    def everywhere(self, actor: Actor, reason: str = "") -> Sequence[Stopped]:
        """Pull the brake in every organisation of the gateway."""
        with self._store.read() as transaction:
            homes = transaction.directory.organisations()
        return [self.stop(actor, home.id, reason) for home in homes]

    def stop(self, actor: Actor, organisation: str, reason: str = "") -> Stopped:
        """Pull the brake in one organisation. Raises GatewayError NOT_FOUND."""
        with self._store.read() as transaction:
            home = found(transaction, organisation).id
        act = Act(AuditTag.WIPES_PANIC, actor, home, home, reason)
        unapproved = self._acts.perform(act, lambda entry: _freeze(entry, home))
        cancelled = 0
        while more := self._acts.perform(act, lambda entry: _cancel(entry, home, UNDELIVERED)):
            cancelled += more
        with self._store.read() as transaction:
            left = transaction.wipe_orders.list(home, progress=DELIVERED, limit=10_000)
        return Stopped(home, cancelled, unapproved, tuple(order.key.device_id for order in left))


def _freeze(entry: Entry, home: str) -> int:
    why = f"{entry.act.actor.name} pulled the emergency brake"
    freeze(entry, found(entry.transaction, home), f"{why}: {entry.act.reason}" if entry.act.reason else why)
    count = 0
    while more := _cancel(entry, home, (Progress.AWAITING,)):
        count += more
    entry.record(after={"unapproved": count})
    return count


def _cancel(entry: Entry, home: str, progress: tuple[Progress, ...]) -> int:
    orders: Sequence[WipeOrder] = entry.transaction.wipe_orders.list(home, progress=progress, limit=PAGE)
    for order in orders:
        cancel_in(entry, order)
    return len(orders)

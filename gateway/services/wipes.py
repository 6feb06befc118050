"""Wipes as people and programs order them: asked for, approved, taken back (product 5.3, 5.5; T9).

``DeviceService.require_wipe`` knows what a device may be told; here stands who may say so. A request passes
the safeguards of its organisation (``wipe_guards``), becomes an order of the ledger, and is due at once or
with the approval of a second administrator. Whatever happens to it afterwards, the ledger keeps it.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from gateway.errors import GatewayError, Kind
from gateway.records import Actor, AuditTag, Organisation
from gateway.services.acts import Act, Acts, Entry
from gateway.services.devices import require_possible
from gateway.services.keeping import end_order, family, is_due, is_same, keep, place
from gateway.services.partnerships import present, target_of
from gateway.services.persons import FRESH, ONESELF, Asker
from gateway.services.persons import obstacle as why_one_person
from gateway.services.ports import Clock, KeySource, Store
from gateway.services.tenants import found
from gateway.services.wipe_guards import (
    Halted,
    Wanted,
    confirmable,
    freeze,
    over_budget,
    require_named,
    require_sensible,
)
from mdm.device import Device, DeviceKey, WipeKind
from mdm.lifecycle import Forbidden, Input, step
from mdm.orders import OPEN, Progress, WipeOrder, erased, followed, obstacle

T = TypeVar("T")

APPROVAL_LIFETIME = timedelta(hours=24)
"""How long an order waits for its approval: whoever asked yesterday has to look again."""

CLOCK_SKEW = timedelta(minutes=5)
"""How far the clocks of two nodes may differ. An order from further ahead is not approved: its expiry would
mean nothing."""

SYSTEM = Actor("system", "gateway")
EXPIRED = "Nobody approved this order in time: ask for it again."
AHEAD = "This order comes from a clock that is ahead of this one: check the clocks, then ask again."


@dataclass(frozen=True, slots=True)
class Choice:
    """One kind of wipe, as it is offered for one device.

    Attributes:
        obstacle: why it cannot be ordered, with what to do instead; empty where it can.
        erases: what it takes from the person.
        approval: it would wait for a second administrator.
        type_name: what has to be typed; empty for nothing.
    """

    kind: WipeKind
    obstacle: str
    erases: str
    approval: bool
    type_name: str


class Wipes:
    """Orders of wipes in all organisations."""

    def __init__(self, store: Store, clock: Clock, keys: KeySource) -> None:
        self._store = store
        self._clock = clock
        self._acts = Acts(store, clock)
        self._keys = keys

    def choices(self, key: DeviceKey) -> Sequence[Choice]:
        """What may be ordered for a device, account-only first; NOT_FOUND without the device."""
        with self._store.read() as transaction:
            home = found(transaction, key.organisation)
            device = present(transaction.devices, key)
        return [_choice(home, device, kind) for kind in (WipeKind.ACCOUNT, WipeKind.DEVICE)]

    def request(self, actor: Actor, key: DeviceKey, wanted: Wanted) -> WipeOrder:
        """Order a wipe, or ask for its approval; asking once more gives the order that is open.

        Raises:
            GatewayError: MALFORMED without reason or typed name, FORBIDDEN where accounts only are erased,
                CONFLICT for a wipe that the device cannot be served, over a budget and while frozen.
        """
        identity = self._keys.identity("w-")
        act = Act(AuditTag.WIPE_REQUIRED, actor, key.organisation, target_of(key), wanted.reason)
        return self._settled(act, lambda entry: request_in(entry, key, wanted, identity))

    def approve(self, actor: Actor, organisation: str, order: str, reason: str = "") -> WipeOrder:
        """Let an order that waits become due; an approval is used once.

        Raises:
            GatewayError: FORBIDDEN to who asked for it, CONFLICT when it waits no longer or wipes are frozen.
        """
        return self._on_order(AuditTag.WIPE_APPROVED, actor, (organisation, order), _approve, reason)

    def reject(self, actor: Actor, organisation: str, order: str, reason: str = "") -> WipeOrder:
        """Turn an order down that waits for approval. Raises GatewayError CONFLICT for any other."""
        return self._on_order(AuditTag.WIPE_REJECTED, actor, (organisation, order), _reject, reason)

    def cancel(self, actor: Actor, organisation: str, order: str, reason: str = "") -> WipeOrder:
        """Take back an order that was not acknowledged. Raises GatewayError CONFLICT for one that ended."""
        return self._on_order(AuditTag.WIPE_CANCELLED, actor, (organisation, order), cancel_in, reason)

    def cancel_for(self, actor: Actor, key: DeviceKey, reason: str = "") -> WipeOrder:
        """Take back the open wipe of a device, or the order of one that waits for approval."""

        def work(entry: Entry) -> WipeOrder:
            device = present(entry.transaction.devices, key)
            order = entry.transaction.wipe_orders.of(key, {*OPEN, Progress.AWAITING})
            if is_due(device):
                order = _open_order(entry, device)
            if order is None:
                raise GatewayError(Kind.CONFLICT, "No wipe of this device is open.")
            return cancel_in(entry, order)

        act = Act(AuditTag.WIPE_CANCELLED, actor, key.organisation, target_of(key), reason)
        return self._acts.perform(act, work)

    def get(self, organisation: str, order: str) -> WipeOrder:
        """Raises GatewayError NOT_FOUND, for an order of another organisation as well (T35)."""
        with self._store.read() as transaction:
            return _order(transaction.wipe_orders.get(order), found(transaction, organisation))

    def last(self, key: DeviceKey) -> WipeOrder | None:
        """The youngest order of a device."""
        with self._store.read() as transaction:
            return transaction.wipe_orders.of(key, tuple(Progress))

    def list(
        self,
        organisation: str,
        *,
        user: str | None = None,
        progress: Collection[Progress] = (),
        before: tuple[datetime, str] | None = None,
        limit: int = 100,
    ) -> Sequence[WipeOrder]:
        """Orders of an organisation, the youngest first."""
        with self._store.read() as transaction:
            home = found(transaction, organisation)
            return transaction.wipe_orders.list(
                home.id, user=user, progress=progress, before=before, limit=limit
            )

    def expire(self) -> int:
        """Close the orders that nobody approved in time; returns how many. Any process may, any time."""
        with self._store.read() as transaction:
            waiting = transaction.wipe_orders.list(progress=(Progress.AWAITING,), limit=1000)
        due = [order for order in waiting if _is_late(order, self._clock.now())]
        for order in due:
            act = Act(AuditTag.WIPE_EXPIRED, SYSTEM, order.key.organisation, target_of(order.key))
            self._acts.perform(act, partial(_run_out, identity=order.id))
        return len(due)

    def _on_order(
        self,
        tag: AuditTag,
        actor: Actor,
        name: tuple[str, str],
        work: Callable[[Entry, WipeOrder], WipeOrder | Halted],
        reason: str,
    ) -> WipeOrder:
        order = self.get(*name)
        act = Act(tag, actor, order.key.organisation, target_of(order.key), reason)

        def run(entry: Entry) -> WipeOrder | Halted:
            home = found(entry.transaction, order.key.organisation)
            return work(entry, _order(entry.transaction.wipe_orders.get(order.id), home))

        return self._settled(act, run)

    def _settled(self, act: Act, work: Callable[[Entry], WipeOrder | Halted]) -> WipeOrder:
        outcome = self._acts.perform(act, work)
        if isinstance(outcome, Halted):
            raise outcome.error()
        return outcome


def request_in(entry: Entry, key: DeviceKey, wanted: Wanted, identity: str) -> WipeOrder | Halted:
    """``Wipes.request`` within a transaction; ``identity`` is the order's, should one be made."""
    home = found(entry.transaction, key.organisation)
    device = present(entry.transaction.devices, key)
    open_already = _same(entry, device, wanted.kind)
    if open_already is not None:
        return open_already
    require_sensible(home, wanted)
    require_possible(device, wanted.kind)
    require_named(entry, device, wanted)
    over = over_budget(entry, home, key, wanted)
    if over:
        freeze(entry, home, over)
        return Halted(f"Wipes are frozen from now on: {over}")
    actor = entry.act.actor
    order = WipeOrder(
        identity,
        key,
        wanted.kind,
        entry.now,
        actor.name,
        wanted.reason,
        job=wanted.job,
        requested_person=actor.person,
    )
    return _admitted(entry, device, order, waits=needs_approval(home, wanted.kind))


def needs_approval(home: Organisation, kind: WipeKind) -> bool:
    """Whether a second administrator has to agree."""
    return kind is WipeKind.DEVICE and home.safeguards.approve_full_wipes


def cancel_in(entry: Entry, order: WipeOrder) -> WipeOrder:
    """``Wipes.cancel`` within a transaction."""
    if order.progress is Progress.AWAITING:
        over = end_order(entry, order, Progress.CANCELLED, entry.act.reason)
        entry.record(tag=AuditTag.WIPE_CANCELLED, before=_told(order), after=_told(over))
        return over
    if order.progress not in OPEN:
        raise _not_open(order)
    device = present(entry.transaction.devices, order.key)
    try:
        moved, _ = step(device, Input.WIPE_CANCELLED, now=entry.now)
    except Forbidden as error:
        raise GatewayError(Kind.CONFLICT, f"Not possible: {error}.") from error
    keep(entry, device, moved or device, AuditTag.WIPE_CANCELLED)
    return entry.transaction.wipe_orders.get(order.id) or order


def _admitted(entry: Entry, device: Device, order: WipeOrder, *, waits: bool) -> WipeOrder:
    ledger = entry.transaction.wipe_orders
    if waits:
        waiting = replace(order, expires_at=entry.now + APPROVAL_LIFETIME)
        ledger.add(waiting)
        entry.record(tag=AuditTag.WIPE_REQUESTED, after=_told(waiting))
        return waiting
    ledger.add(order)
    place(entry, device, order)
    return ledger.get(order.id) or order


def _same(entry: Entry, device: Device, kind: WipeKind) -> WipeOrder | None:
    """The order that is open or waits already, of the kind that is asked for."""
    if is_due(device) and is_same(device.wipe, kind):
        return _open_order(entry, device)
    waiting = entry.transaction.wipe_orders.of(device.key, {Progress.AWAITING})
    if waiting is None or waiting.kind is not kind:
        return None
    if _is_late(waiting, entry.now):
        _run_out(entry, waiting.id)
        return None
    return waiting


def _open_order(entry: Entry, device: Device) -> WipeOrder:
    """The order behind a wipe that is due."""
    order = entry.transaction.wipe_orders.of(device.key, OPEN)
    if order is None or device.wipe is None:
        raise GatewayError(Kind.CONFLICT, "The wipe of this device has no order: cancel it at the device.")
    return followed(order, device)


def _approve(entry: Entry, order: WipeOrder) -> WipeOrder | Halted:
    if order.progress is not Progress.AWAITING:
        raise _not_open(order)
    if _is_late(order, entry.now):
        _run_out(entry, order.id)
        return Halted(EXPIRED)
    if order.requested_at - entry.now > CLOCK_SKEW:
        raise GatewayError(Kind.CONFLICT, AHEAD)
    _require_another(entry, order)
    home = found(entry.transaction, order.key.organisation)
    require_sensible(home, Wanted(order.kind, order.reason))
    device = present(entry.transaction.devices, order.key)
    require_possible(device, order.kind)
    actor = entry.act.actor
    approved = replace(order, approved_at=entry.now, approved_by=actor.name, approved_person=actor.person)
    entry.record(tag=AuditTag.WIPE_APPROVED, before=_told(order), after=_told(approved))
    place(entry, device, approved)
    return entry.transaction.wipe_orders.get(order.id) or approved


def _require_another(entry: Entry, order: WipeOrder) -> None:
    """GatewayError FORBIDDEN to whom the request may be one's own. What was given to an account in the day
    before the request counts until the order ends, whichever node's clock is ahead."""
    actor = entry.act.actor
    if actor.kind != "admin":
        raise GatewayError(Kind.FORBIDDEN, ONESELF)
    accounts = entry.transaction.administrators.everyone()
    requester, approver = Asker(order.requested_by, order.requested_person), Asker(actor.name, actor.person)
    why = why_one_person(accounts, requester, approver, min(entry.now, order.requested_at) - FRESH)
    if why:
        raise GatewayError(Kind.FORBIDDEN, why)


def _reject(entry: Entry, order: WipeOrder) -> WipeOrder:
    if order.progress is not Progress.AWAITING:
        raise _not_open(order)
    over = end_order(entry, order, Progress.REJECTED, entry.act.reason)
    entry.record(before=_told(order), after=_told(over))
    return over


def _run_out(entry: Entry, identity: str) -> None:
    order = entry.transaction.wipe_orders.get(identity)
    if order is None or order.progress is not Progress.AWAITING:
        return
    over = end_order(entry, order, Progress.EXPIRED, "")
    entry.record(tag=AuditTag.WIPE_EXPIRED, before=_told(order), after=_told(over))


def _is_late(order: WipeOrder, now: datetime) -> bool:
    return order.expires_at is not None and now >= order.expires_at


def _order(order: WipeOrder | None, home: Organisation) -> WipeOrder:
    if order is None or order.key.organisation != home.id:
        raise GatewayError(Kind.NOT_FOUND, "There is no such order.")
    return order


def _not_open(order: WipeOrder) -> GatewayError:
    return GatewayError(Kind.CONFLICT, f"This order is {order.progress.value}: nothing can be done about it.")


def _told(order: WipeOrder) -> dict[str, str]:
    return {
        "order": order.id,
        "kind": order.kind.value,
        "progress": order.progress.value,
        "requested_by": order.requested_by,
        "approved_by": order.approved_by,
        "why": order.reason,
    }


def _choice(home: Organisation, device: Device, kind: WipeKind) -> Choice:
    full = kind is WipeKind.DEVICE
    hindered = obstacle(kind, device, family(device))
    never = "This organisation erases accounts only." if full and home.safeguards.never_full_wipe else ""
    frozen = f"Wipes are frozen: {home.safeguards.frozen}" if home.safeguards.frozen else ""
    return Choice(
        kind,
        never or frozen or hindered,
        erased(kind, family(device)),
        needs_approval(home, kind),
        confirmable(device) if full else "",
    )

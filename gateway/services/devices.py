"""Partnerships: first sight, provisioning, wipe, access and removal (product 5; house.md 3).

The rules are ``mdm.lifecycle`` and ``mdm.provision``; here stands what makes them durable: one transaction
for the record, its audit line and its row of the change feed. Tombstones are found wherever partnerships are,
so a removed device goes on receiving its wipe (product 5.3).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from gateway.errors import GatewayError, Kind
from gateway.records import Actor, AuditTag, Contact
from gateway.services.acts import Act, Acts, Entry
from gateway.services.contacts import Contacts
from gateway.services.effective import effective
from gateway.services.enrolment import Enrolment, TooManyDevices
from gateway.services.keeping import announce, end_orders, family, is_due, is_same, keep, place
from gateway.services.login import Principal
from gateway.services.misbehaviour import rounds_judged
from gateway.services.overrides import overridden, require_future
from gateway.services.partnerships import device_actor, difference, look_up, present, target_of
from gateway.services.ports import Clock, KeySource, Store
from mdm.device import AccessLevel, Device, DeviceInformation, DeviceKey, DeviceState, WipeKind
from mdm.lifecycle import WIPING, Effect, Forbidden, Input, step
from mdm.orders import WipeOrder, obstacle
from mdm.provision import Exchange, Message, exchange
from mdm.query import CommandRequest
from mdm.settings import merge

TAGS = {
    Effect.OFFER_POLICY: AuditTag.POLICY_REQUESTED,
    Effect.GRANT_KEY: AuditTag.POLICY_ACKNOWLEDGED,
    Effect.REFUSE: AuditTag.POLICY_DECLINED,
    Effect.DIRECT_WIPE: AuditTag.WIPE_DELIVERED,
    Effect.REPEAT_WIPE: AuditTag.WIPE_FAILED,
    Effect.RECORD_WIPE: AuditTag.WIPE_CONFIRMED,
}
"""What the trail calls the outcome of a Provision request; any other change in it is reported information."""


class DeviceService:
    """Partnerships of all organisations."""

    def __init__(self, store: Store, clock: Clock, keys: KeySource) -> None:
        self._store = store
        self._acts = Acts(store, clock)
        self._keys = keys
        self._enrolment = Enrolment(store, clock)
        self._contacts = Contacts(store, clock)

    def get(self, key: DeviceKey) -> Device | None:
        """The partnership or its tombstone."""
        with self._store.read() as transaction:
            return look_up(transaction.devices, key)

    def list(
        self,
        organisation: str | None = None,
        *,
        user: str | None = None,
        state: DeviceState | None = None,
        after: tuple[str, str, str] | None = None,
        limit: int = 100,
    ) -> Sequence[Device]:
        """Partnerships by (organisation, user, DeviceId), after that triple."""
        with self._store.read() as transaction:
            return transaction.devices.list(organisation, user=user, state=state, after=after, limit=limit)

    def open_wipes(self) -> frozenset[DeviceKey]:
        """Partnerships and tombstones that are wiped when they come."""
        with self._store.read() as transaction:
            return frozenset(transaction.devices.with_open_wipe())

    def touch(self, contacts: Iterable[Contact]) -> None:
        """Write a batch of last contacts (house.md 4a); not a change of state, so the trail has none of
        it."""
        self._contacts.write(contacts)

    def admit(
        self, principal: Principal, request: CommandRequest, *, ip: str = "", user_agent: str = ""
    ) -> Device | TooManyDevices:
        """The partnership behind a request, made at first sight.

        Raises:
            GatewayError: NOT_FOUND when organisation or user are gone meanwhile.
        """
        key = DeviceKey(principal.organisation, principal.user, request.device_id)
        return self.get(key) or self._enrolment.first_sight(key, request, device_actor(key, ip, user_agent))

    def provision(
        self,
        key: DeviceKey,
        request: CommandRequest,
        message: Message,
        actor: Actor,
        *,
        unverified: bool = False,
    ) -> Exchange:
        """Answer a Provision request and keep what it changed.

        Args:
            unverified: the request came by the lane of a stale password: it may fetch and confirm a wipe and
                nothing else.

        Raises:
            GatewayError: NOT_FOUND when the partnership is gone; UNAUTHENTICATED when ``unverified`` and no
            wipe
                is open any more.
        """
        act = Act(AuditTag.INFORMATION_REPORTED, actor, key.organisation, target_of(key))
        return self._acts.perform(
            act, lambda entry: self._provision(entry, key, request, message, unverified)
        )

    def learn_information(self, key: DeviceKey, told: DeviceInformation, actor: Actor) -> Device:
        """Keep what a device reports of itself (Settings, DeviceInformation)."""

        def work(_: Entry, device: Device) -> Device:
            merged = merge(device.information, told)
            return device if merged == device.information else replace(device, information=merged)

        return self._changed(AuditTag.INFORMATION_REPORTED, actor, key, work)

    def require_wipe(self, actor: Actor, key: DeviceKey, kind: WipeKind, reason: str = "") -> Device:
        """Order a wipe; it is durable when this returns. Ordering the same once more changes nothing.

        Nothing asks here who may, how many or who approved: whatever people and programs call goes through
        ``wipes.Wipes`` instead (product 5.5), which a test holds the surfaces to.

        Raises:
            GatewayError: CONFLICT where ``require_possible`` says so.
        """

        def work(entry: Entry) -> Device:
            device = present(entry.transaction.devices, key)
            require_possible(device, kind)
            if is_due(device):
                return device
            order = WipeOrder(self._keys.identity("w-"), key, kind, entry.now, actor.name, reason)
            entry.transaction.wipe_orders.add(order)
            return place(entry, device, order)

        act = Act(AuditTag.WIPE_REQUIRED, actor, key.organisation, target_of(key), reason)
        return self._acts.perform(act, work)

    def cancel_wipe(self, actor: Actor, key: DeviceKey, reason: str = "") -> Device:
        """Take back a wipe that was not acknowledged; a tombstone ends with it."""

        def work(entry: Entry, device: Device) -> Device:
            moved, _ = step(device, Input.WIPE_CANCELLED, now=entry.now)
            return moved or device

        return self._changed(AuditTag.WIPE_CANCELLED, actor, key, work, reason)

    def require_provisioning(self, actor: Actor, key: DeviceKey, reason: str = "") -> Device:
        """Make the device fetch its policy again; a pending wipe is not disturbed."""

        def work(entry: Entry, device: Device) -> Device:
            moved, _ = step(device, Input.POLICY_CHANGED, now=entry.now)
            return moved or device

        return self._changed(AuditTag.PROVISIONING_REQUIRED, actor, key, work, reason)

    def set_access(
        self,
        actor: Actor,
        key: DeviceKey,
        level: AccessLevel | None,
        reason: str = "",
        until: datetime | None = None,
    ) -> Device:
        """Allow, block or quarantine this partnership whatever the rules say; None lets the rules decide.

        Args:
            until: when it ends by itself, None for never; GatewayError MALFORMED for a time that is past.
        """

        def work(entry: Entry, device: Device) -> Device:
            require_future(until, entry.now)
            decided = overridden(device, level, reason, until)
            if decided.held_since is None:
                entry.transaction.held.remove(key)
            return decided

        return self._changed(AuditTag.ACCESS_CHANGED, actor, key, work, reason)

    def remove(self, actor: Actor, key: DeviceKey, *, force: bool = False, reason: str = "") -> None:
        """Take a partnership off the list.

        Raises:
            GatewayError: CONFLICT while a wipe is pending, unless ``force``: then a tombstone goes on
            delivering
                it. Removing the tombstone needs ``force`` again and ends the wipe.
        """
        act = Act(AuditTag.DEVICE_REMOVED, actor, key.organisation, target_of(key), reason)
        self._acts.perform(act, lambda entry: _remove(entry, key, force))

    def _provision(
        self, entry: Entry, key: DeviceKey, request: CommandRequest, message: Message, unverified: bool
    ) -> Exchange:
        before = present(entry.transaction.devices, key)
        if unverified and before.state not in WIPING:
            raise GatewayError(Kind.UNAUTHENTICATED)
        policy = effective(entry.transaction, key).policy
        spoken = replace(before, protocol_version=request.version.text)
        outcome = exchange(request, message, spoken, policy, now=entry.now, new_key=self._keys.policy_key())
        device = _marked(before, outcome) if unverified else outcome.device
        device = rounds_judged(entry, before, device, outcome.effect)
        saved = keep(entry, before, device, TAGS.get(outcome.effect))
        return replace(outcome, device=saved)

    def _changed(
        self,
        tag: AuditTag,
        actor: Actor,
        key: DeviceKey,
        work: Callable[[Entry, Device], Device],
        reason: str = "",
    ) -> Device:
        def change(entry: Entry) -> Device:
            before = present(entry.transaction.devices, key)
            try:
                after = work(entry, before)
            except Forbidden as error:
                raise GatewayError(Kind.CONFLICT, f"Not possible: {error}.") from error
            return keep(entry, before, after)

        return self._acts.perform(Act(tag, actor, key.organisation, target_of(key), reason), change)


def require_possible(device: Device, kind: WipeKind) -> None:
    """Raises GatewayError CONFLICT for a wipe that the device would never be served, with what to do instead,
    and while a wipe of the other kind is pending."""
    hindered = obstacle(kind, device, family(device))
    if hindered:
        raise GatewayError(Kind.CONFLICT, hindered)
    if is_due(device) and not is_same(device.wipe, kind):
        raise GatewayError(Kind.CONFLICT, "A wipe of the other kind is pending: cancel it first.")


def _marked(before: Device, outcome: Exchange) -> Device:
    """Note on a wipe that is acknowledged now that no password stood behind the acknowledgement (T7)."""
    device = outcome.device
    if outcome.effect is not Effect.RECORD_WIPE or device.wipe is None:
        return device
    if before.wipe is not None and before.wipe.acknowledged_at is not None:
        return device
    return replace(device, wipe=replace(device.wipe, unverified=True))


def _remove(entry: Entry, key: DeviceKey, force: bool) -> None:
    devices = entry.transaction.devices
    before = present(devices, key)
    buried = devices.tombstone(key) is not None
    after = None if buried and force else _removed(entry, before, force)
    if buried:
        devices.remove_tombstone(key)
    elif after is None:
        devices.remove(key)
    else:
        devices.bury(after)
    entry.record(before=difference(None, before)[1], after={"tombstone": after is not None})
    announce(entry, key)
    if after is None:
        end_orders(entry, key, "the device was removed")


def _removed(entry: Entry, device: Device, force: bool) -> Device | None:
    try:
        moved, _ = step(device, Input.REMOVED_BY_FORCE if force else Input.REMOVED, now=entry.now)
    except Forbidden as error:
        raise GatewayError(Kind.CONFLICT, "A wipe is pending: cancel it first, or force.") from error
    return moved

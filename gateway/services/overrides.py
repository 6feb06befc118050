"""An administrator's word for one device of one user (product 6.1): allow, block or quarantine, with a reason
and an end.

A device that has not been seen yet can be named too: "only listed devices" means nothing otherwise, and an
inventory system knows a phone before it is unpacked. Such an override waits, and becomes the device's own at
first sight.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from gateway.errors import GatewayError, Kind, malformed
from gateway.records import Actor, AuditTag, ExpectedDevice, Scope
from gateway.services.acts import Act, Acts, Entry
from gateway.services.device_ports import Devices
from gateway.services.partnerships import difference, look_up, target_of
from gateway.services.ports import Clock, Store, Transaction
from gateway.services.tenants import found
from gateway.services.users import find_user
from mdm.device import AccessLevel, Device, DeviceKey

EXPECTED_LIMIT = 1000
"""Devices of one organisation's page that are told at once."""


class Overrides:
    """Overrides of all organisations."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._acts = Acts(store, clock)

    def put(
        self,
        actor: Actor,
        key: DeviceKey,
        level: AccessLevel | None,
        reason: str = "",
        until: datetime | None = None,
    ) -> Device | ExpectedDevice | None:
        """Set the override of a device, or of one that is yet to come; None lets the rules decide again.

        Args:
            until: when it ends by itself, None for never.

        Returns:
            The device; what is expected; None where nothing is any more.

        Raises:
            GatewayError: MALFORMED for an end that is past; NOT_FOUND without the user, and for taking back
                an override that is not there.
        """
        act = Act(AuditTag.ACCESS_CHANGED, actor, key.organisation, target_of(key), reason)
        return self._acts.perform(act, lambda entry: _put(entry, key, level, reason, until))

    def expected(
        self, organisation: str, *, after: tuple[str, str] = ("", ""), limit: int = EXPECTED_LIMIT
    ) -> Sequence[ExpectedDevice]:
        """Overrides that wait for their devices, by user and DeviceId."""
        with self._store.read() as transaction:
            home = found(transaction, organisation)
            return transaction.rules.all_expected(home.id, after=after, limit=limit)


def overridden(device: Device, level: AccessLevel | None, reason: str, until: datetime | None) -> Device:
    """A device with another override, or without one. Who has been decided on waits no longer."""
    told = (reason, until) if level is not None else ("", None)
    waits = None if level is not AccessLevel.QUARANTINE else device.held_since
    return replace(device, access=level, access_reason=told[0], access_until=told[1], held_since=waits)


def require_future(until: datetime | None, now: datetime) -> None:
    """GatewayError MALFORMED for an end that is past."""
    if until is not None and until <= now:
        raise malformed("until", "This time is past.")


def store_override(entry: Entry, before: Device, after: Device) -> Device:
    """Write a device with another override, and take it out of the queue that it no longer waits in."""
    if after == before:
        return before
    saved = _stored(entry.transaction.devices, after)
    if after.held_since is None:
        entry.transaction.held.remove(after.key)
    old, new = difference(before, after)
    entry.record(before=old, after=new, target=target_of(after.key))
    entry.announce(Scope.DEVICE, after.key.organisation, after.key.user, after.key.device_id)
    return saved


def welcome(transaction: Transaction, device: Device) -> Device:
    """A new device with the override that waited for it, if one did."""
    expected = transaction.rules.expected(device.key)
    if expected is None:
        return device
    transaction.rules.expect_no_more(device.key)
    return overridden(device, expected.level, expected.reason, expected.until)


def _put(
    entry: Entry, key: DeviceKey, level: AccessLevel | None, reason: str, until: datetime | None
) -> Device | ExpectedDevice | None:
    require_future(until, entry.now)
    device = look_up(entry.transaction.devices, key)
    if device is not None:
        return store_override(entry, device, overridden(device, level, reason, until))
    if find_user(entry.transaction, key.user).organisation != key.organisation:
        raise GatewayError(Kind.NOT_FOUND, "There is no such user.")
    return _expect(entry, key, level, reason, until)


def _expect(
    entry: Entry, key: DeviceKey, level: AccessLevel | None, reason: str, until: datetime | None
) -> ExpectedDevice | None:
    rules = entry.transaction.rules
    before = rules.expected(key)
    if level is None:
        if not rules.expect_no_more(key):
            raise GatewayError(Kind.NOT_FOUND, "There is no such device, and none is expected.")
        entry.record(tag=AuditTag.DEVICE_EXPECTED, before=_told(before))
        return None
    expected = ExpectedDevice(key, level, reason, until, entry.now, entry.act.actor.name)
    rules.expect(expected)
    entry.record(tag=AuditTag.DEVICE_EXPECTED, before=_told(before), after=_told(expected))
    return expected


def _told(expected: ExpectedDevice | None) -> dict[str, object]:
    if expected is None:
        return {}
    until = expected.until.isoformat() if expected.until else None
    return {"access": expected.level.value, "access_reason": expected.reason, "access_until": until}


def _stored(devices: Devices, device: Device) -> Device:
    buried = devices.tombstone(device.key) is not None
    return devices.save_tombstone(device) if buried else devices.save(device)

"""Disputed identities (T4): a device that may not be the one that it says gets nothing until an administrator
decides (docs/identity.md). What raises a dispute is ``mdm.identity``.
"""

from dataclasses import replace
from enum import Enum

from gateway.errors import GatewayError, Kind
from gateway.records import Actor, AuditTag
from gateway.services.acts import Act, Acts, Entry
from gateway.services.keeping import announce, end_orders, keep
from gateway.services.partnerships import difference, present, target_of
from gateway.services.ports import Clock, Store
from mdm.device import AccessLevel, Device, DeviceKey
from mdm.lifecycle import WIPING, Input, step

BLOCKED = "the identity was in dispute"


class Resolution(Enum):
    """How a dispute ends: it is the same device after all, it is kept out, or the partnership is removed."""

    ACCEPT = "accept"
    BLOCK = "block"
    FORGET = "forget"


class Identities:
    """Raises and ends disputes."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._acts = Acts(store, clock)

    def dispute(self, key: DeviceKey, words: str, actor: Actor, claimed: str = "") -> Device:
        """Note a dispute; one that is open is kept as it is, and a wipe outranks it.

        Args:
            claimed: family and DeviceType that the device says now, with a slash between.
        """

        def work(entry: Entry) -> Device:
            before = present(entry.transaction.devices, key)
            if before.conflict or before.state in WIPING:
                return before
            return keep(entry, before, replace(before, conflict=words, claimed=claimed))

        act = Act(AuditTag.IDENTITY_DISPUTED, actor, key.organisation, target_of(key), words)
        return self._acts.perform(act, work)

    def resolve(
        self, actor: Actor, key: DeviceKey, resolution: Resolution, reason: str = ""
    ) -> Device | None:
        """End a dispute; None for a partnership that is forgotten.

        Raises:
            GatewayError: NOT_FOUND; CONFLICT where nothing is in dispute.
        """
        act = Act(AuditTag.IDENTITY_RESOLVED, actor, key.organisation, target_of(key), reason)
        return self._acts.perform(act, lambda entry: _resolved(entry, key, resolution))


def _resolved(entry: Entry, key: DeviceKey, resolution: Resolution) -> Device | None:
    before = present(entry.transaction.devices, key)
    if not before.conflict:
        raise GatewayError(Kind.CONFLICT, "The identity of the device is not in dispute.")
    if resolution is Resolution.FORGET:
        _forget(entry, before)
        return None
    settled = replace(before, conflict="", claimed="")
    if resolution is Resolution.ACCEPT:
        return keep(entry, before, _accepted(entry, before, settled))
    why = entry.act.reason or BLOCKED
    return keep(
        entry, before, replace(settled, access=AccessLevel.BLOCK, access_reason=why, access_until=None)
    )


def _accepted(entry: Entry, before: Device, settled: Device) -> Device:
    """What it says now is what it is. Its keys go: whoever holds one has to provision again."""
    family, slash, device_type = before.claimed.partition("/")
    if slash:
        settled = replace(settled, family=family, device_type=device_type)
    moved, _ = step(settled, Input.POLICY_CHANGED, now=entry.now)
    return moved or settled


def _forget(entry: Entry, before: Device) -> None:
    """As an administrator's removal; a wipe is never open here, since it would outrank the dispute."""
    if before.state in WIPING:
        raise GatewayError(Kind.CONFLICT, "A wipe is pending: cancel it first.")
    entry.transaction.devices.remove(before.key)
    entry.record(before=difference(None, before)[1], after={"forgotten": True})
    announce(entry, before.key)
    end_orders(entry, before.key, "the device was removed")

"""Writing a changed partnership: the row or its tombstone, its order of a wipe, the trail and the feed.

Every change of a device that a person or the device itself brings about ends here, so the ledger of wipes
cannot fall behind the record that it follows: both are written in one transaction (product 5.3, 8).
"""

from gateway.records import AuditTag, Scope
from gateway.services.acts import Entry
from gateway.services.device_ports import Devices
from gateway.services.partnerships import difference
from mdm.device import Device, DeviceKey, DeviceState, Wipe, WipeKind
from mdm.families import Family, family_of
from mdm.lifecycle import Input, step
from mdm.orders import OPEN, Progress, WipeOrder, ended, followed, placed


def keep(entry: Entry, before: Device, after: Device, tag: AuditTag | None = None) -> Device:
    """Write ``after`` where it differs; returned with its new revision."""
    if after == before:
        return before
    saved = _stored(entry.transaction.devices, after)
    old, new = difference(before, after)
    entry.record(tag=tag, before=old, after=new)
    announce(entry, after.key)
    if before.wipe != after.wipe:
        _follow(entry, after)
    return saved


def announce(entry: Entry, key: DeviceKey) -> None:
    """Tell every process to look at the device again."""
    entry.announce(Scope.DEVICE, key.organisation, key.user, key.device_id)


def place(entry: Entry, device: Device, order: WipeOrder) -> Device:
    """Make ``order``, which is in the ledger, due on its device.

    Raises:
        Forbidden: never; every state allows the input.
    """
    due, wipe = placed(order, entry.now)
    moved, _ = step(device, Input.WIPE_REQUIRED, now=entry.now, wipe=wipe)
    saved = keep(entry, device, moved or device, AuditTag.WIPE_REQUIRED)
    entry.transaction.wipe_orders.save(due)
    return saved


def is_due(device: Device) -> bool:
    """Whether a wipe of the device has not been acknowledged."""
    return device.state is DeviceState.WIPE_REQUIRED and device.wipe is not None


def is_same(wipe: Wipe | None, kind: WipeKind) -> bool:
    """Whether what is ordered is of this kind."""
    return wipe is not None and wipe.kind is kind


def family(device: Device) -> Family:
    """The client family of a device, by what it says of itself."""
    return family_of(device.user_agent or device.information.user_agent or "", device.device_type)


def end_orders(entry: Entry, key: DeviceKey, why: str) -> None:
    """Close what is still to be approved or done for a device that leaves the list."""
    for progress in (OPEN, (Progress.AWAITING,)):
        order = entry.transaction.wipe_orders.of(key, progress)
        if order is not None:
            end_order(entry, order, Progress.CANCELLED, why)


def end_order(entry: Entry, order: WipeOrder, progress: Progress, why: str) -> WipeOrder:
    """Write the end of an order by the actor of the act; the record stays."""
    over = ended(order, progress, entry.now, entry.act.actor.name, why)
    entry.transaction.wipe_orders.save(over)
    return over


def _follow(entry: Entry, after: Device) -> None:
    ledger = entry.transaction.wipe_orders
    order = ledger.of(after.key, OPEN)
    if order is None:
        return
    if after.wipe is None:
        end_order(entry, order, Progress.CANCELLED, entry.act.reason)
        return
    ledger.save(followed(order, after))


def _stored(devices: Devices, device: Device) -> Device:
    if devices.tombstone(device.key) is None:
        return devices.save(device)
    if device.state is DeviceState.WIPE_REQUIRED:
        return devices.save_tombstone(device)
    # Its wipe is acknowledged or taken back: the tombstone has done its work and the device may enrol as new.
    devices.remove_tombstone(device.key)
    return device

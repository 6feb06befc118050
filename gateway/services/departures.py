"""Users and organisations that go: what holds them back, and what the trail says of their devices (product
1, 8)."""

from gateway.errors import GatewayError, Kind
from gateway.records import AuditRecord, AuditTag
from gateway.services.acts import Entry
from gateway.services.partnerships import difference, look_up, pages, target_of
from gateway.services.ports import Transaction
from mdm.device import Device, DeviceKey, DeviceState


def refuse_pending_wipes(transaction: Transaction, organisation: str, user: str | None = None) -> None:
    """Raise CONFLICT while a wipe of the organisation, or of one user in it, has not been acknowledged.

    An accepted wipe must reach its device; with the rows of its user it would be gone.
    """
    pending = [
        key
        for key in transaction.devices.with_open_wipe()
        if key.organisation == organisation and user in (None, key.user) and _undone(transaction, key)
    ]
    if pending:
        names = ", ".join(sorted(key.device_id for key in pending)[:10])
        raise GatewayError(Kind.CONFLICT, f"A wipe has not been acknowledged yet by: {names}.")


def _undone(transaction: Transaction, key: DeviceKey) -> bool:
    device = look_up(transaction.devices, key)
    return device is not None and device.state is DeviceState.WIPE_REQUIRED


def record_departures(entry: Entry, organisation: str, user: str | None = None) -> None:
    """Write one record for each partnership that goes with its organisation, or with one user of it."""
    for page in pages(entry.transaction.devices, organisation, user):
        entry.transaction.audit.append_all(_departure(entry, device) for device in page)


def _departure(entry: Entry, device: Device) -> AuditRecord:
    return AuditRecord(
        tag=AuditTag.DEVICE_REMOVED,
        at=entry.now,
        actor=entry.act.actor,
        organisation=device.key.organisation,
        target=target_of(device.key),
        before=difference(None, device)[1],
        reason=entry.act.reason,
    )

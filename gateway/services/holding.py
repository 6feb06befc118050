"""Newcomers that are held in quarantine for what was wiped before them (product 5.3, 5.7; T8).

Whoever has a stolen phone may remove the account and add it again, under the same DeviceId or another one. A
device that an administrator let in beforehand (``overrides``) is not held: somebody vouched for it.
"""

from dataclasses import replace

from gateway.records import ArchiveCause
from gateway.services.ports import Transaction
from gateway.services.tenants import found
from mdm.device import AccessLevel, Device, WipeKind
from mdm.orders import OPEN

ARCHIVED = "archived after a wipe: this device was wiped before, and comes back as a new one"
WIPING = "a full wipe of this user's {} is open, and new devices of the user are held meanwhile"


def held_back(transaction: Transaction, device: Device) -> Device:
    """A device at first sight, in quarantine where its past or its user's other devices ask for it."""
    why = "" if device.access is not None else _reason(transaction, device)
    return replace(device, access=AccessLevel.QUARANTINE, access_reason=why) if why else device


def _reason(transaction: Transaction, device: Device) -> str:
    home, user = device.key.organisation, device.key.user
    past = transaction.archive.of(home, device.key.device_id)
    if any(archived.cause is ArchiveCause.WIPED for archived in past):
        return ARCHIVED
    if not found(transaction, home).safeguards.hold_enrolment:
        return ""
    wiping = transaction.wipe_orders.list(home, user=user, progress=OPEN)
    full = sorted(order.key.device_id for order in wiping if order.kind is WipeKind.DEVICE)
    return WIPING.format(", ".join(full)) if full else ""

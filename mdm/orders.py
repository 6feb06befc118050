"""Orders of wipes (product 5.3, 5.5): from the request to the end, beside the four states and never one.

``Device.wipe`` is the truth for what the device is told; an order follows it (``followed``) and adds what
comes before a wipe, an approval, and what is left of it afterwards: an order is never removed, so a cancelled
wipe leaves its record (research/wants.md 4, 10). Values and rules only; who may order is the services'
business.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum
from types import MappingProxyType

from mdm.ashttp import Version, version
from mdm.device import Device, DeviceKey, Wipe, WipeKind
from mdm.families import Family


class Progress(Enum):
    """How far an order has come, by the words that administrators read."""

    AWAITING = "awaiting approval"
    QUEUED = "ordered"
    DELIVERED = "delivered"
    FAILED = "failed"
    ACKNOWLEDGED = "acknowledged"
    UNVERIFIED = "unverified"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    EXPIRED = "expired"


OPEN = frozenset({Progress.QUEUED, Progress.DELIVERED, Progress.FAILED})
"""The device is due for its wipe: its state is Wipe Required, and of one device one order is open at most."""

OBEYED = frozenset({Progress.ACKNOWLEDGED, Progress.UNVERIFIED})

ENDED = frozenset(Progress) - OPEN - {Progress.AWAITING}


@dataclass(frozen=True, slots=True)
class WipeOrder:
    """One request for a wipe and what became of it.

    Attributes:
        id: ``w-`` and 32 hex digits.
        requested_by: who asked, as the audit trail names them; ``approved_by``: the second administrator.
        requested_person, approved_person: whose accounts these are, empty for the machine's own.
        expires_at: until when it may be approved, None where no approval is needed.
        ordered_at: when the wipe became due: at the request, or with its approval.
        ended_at, ended_by, ended_why: of an order that was cancelled, rejected or that expired.
        job: the off-boarding that it belongs to, empty for none.
    """

    id: str
    key: DeviceKey
    kind: WipeKind
    requested_at: datetime
    requested_by: str
    reason: str = ""
    progress: Progress = Progress.AWAITING
    expires_at: datetime | None = None
    approved_at: datetime | None = None
    approved_by: str = ""
    ordered_at: datetime | None = None
    delivered_at: datetime | None = None
    acknowledged_at: datetime | None = None
    failures: int = 0
    failed_status: int | None = None
    ended_at: datetime | None = None
    ended_by: str = ""
    ended_why: str = ""
    job: str = ""
    requested_person: str = ""
    approved_person: str = ""


def placed(order: WipeOrder, now: datetime) -> tuple[WipeOrder, Wipe]:
    """The order as it becomes due, and what the device's record says of it."""
    wipe = Wipe(order.kind, now, order.requested_by, order.reason, approved_by=order.approved_by)
    return replace(order, progress=Progress.QUEUED, ordered_at=now), wipe


def followed(order: WipeOrder, device: Device) -> WipeOrder:
    """An open order after its device's record changed; the same where nothing of the wipe did."""
    wipe = device.wipe
    if wipe is None or order.progress not in OPEN:
        return order
    return replace(
        order,
        progress=_progress(wipe),
        delivered_at=wipe.delivered_at,
        acknowledged_at=wipe.acknowledged_at,
        failures=wipe.failures,
        failed_status=wipe.failed_status,
    )


def _progress(wipe: Wipe) -> Progress:
    if wipe.acknowledged_at is not None:
        return Progress.UNVERIFIED if wipe.unverified else Progress.ACKNOWLEDGED
    if wipe.failures:
        return Progress.FAILED
    return Progress.DELIVERED if wipe.delivered_at is not None else Progress.QUEUED


def ended(order: WipeOrder, progress: Progress, now: datetime, by: str, why: str = "") -> WipeOrder:
    """The order taken back, turned down or run out; what it had come to stays on record."""
    return replace(order, progress=progress, ended_at=now, ended_by=by, ended_why=why)


def in_words(order: WipeOrder) -> str:
    """How far the order has come, as one line for people; nothing in it claims more than is known."""
    what = _TELLING[order.progress](order)
    return f"wipe ({order.kind.value}) {what}"


def _awaiting(order: WipeOrder) -> str:
    until = f", until {_at(order.expires_at)}" if order.expires_at else ""
    return f"awaits the approval of a second administrator{until}"


def _queued(order: WipeOrder) -> str:
    return f"ordered at {_at(order.ordered_at)}, waiting for the device"


def _delivered(order: WipeOrder) -> str:
    return f"delivered at {_at(order.delivered_at)}, not acknowledged yet"


def _failed(order: WipeOrder) -> str:
    status = f", last with Status {order.failed_status}" if order.failed_status is not None else ""
    return f"failed on the device {order.failures} times{status}, and is sent again"


def _acknowledged(order: WipeOrder) -> str:
    return f"acknowledged at {_at(order.acknowledged_at)}"


def _unverified(order: WipeOrder) -> str:
    return f"{_acknowledged(order)}; no password stood behind it"


def _cancelled(order: WipeOrder) -> str:
    late = (
        f"; it had been delivered at {_at(order.delivered_at)}, so the device may have obeyed"
        if order.delivered_at
        else ""
    )
    return _taken_back(order) + late


def _taken_back(order: WipeOrder) -> str:
    why = f": {order.ended_why}" if order.ended_why else ""
    return f"{order.progress.value} at {_at(order.ended_at)} by {order.ended_by}{why}"


def _expired(order: WipeOrder) -> str:
    return f"expired at {_at(order.expires_at or order.ended_at)}: nobody approved it"


_TELLING = MappingProxyType(
    {
        Progress.AWAITING: _awaiting,
        Progress.QUEUED: _queued,
        Progress.DELIVERED: _delivered,
        Progress.FAILED: _failed,
        Progress.ACKNOWLEDGED: _acknowledged,
        Progress.UNVERIFIED: _unverified,
        Progress.CANCELLED: _cancelled,
        Progress.REJECTED: _taken_back,
        Progress.EXPIRED: _expired,
    }
)


def _at(moment: datetime | None) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ") if moment else "an unknown time"


INSTEAD = "block the device and remove it instead"


def obstacle(kind: WipeKind, device: Device, family: Family) -> str:
    """Why this device cannot be given a wipe of this kind, with what to do instead; empty where it can.

    A wipe that the device would never be served, or would take for another one, must not be ordered: an
    account-only wipe never silently becomes a full one (product 5.3).
    """
    if kind not in family.wipes:
        other = next(iter(family.wipes), None)
        erases = f", or order a full wipe, which erases {family.erases}" if other is WipeKind.DEVICE else ""
        return f"{family.label} does not obey {_NAMED[kind]}: {INSTEAD}{erases}."
    if kind is WipeKind.ACCOUNT and version(device.protocol_version) < Version.V16_1:
        return (
            f"An account-only wipe needs protocol 16.1, and this device speaks {device.protocol_version}: "
            f"{INSTEAD}, or order a full wipe, which erases {family.erases}."
        )
    return ""


_NAMED: Mapping[WipeKind, str] = MappingProxyType(
    {WipeKind.ACCOUNT: "an account-only wipe", WipeKind.DEVICE: "a full wipe"}
)


def erased(kind: WipeKind, family: Family) -> str:
    """What a wipe of this kind takes from the person whose device it is, in words (research/wants.md 2)."""
    if kind is WipeKind.DEVICE:
        return family.erases
    return "what this account synchronised to the device; everything else on it stays"


def names_of(device: Device) -> tuple[str, ...]:
    """By what an administrator may call a device: its alias, what it calls itself, its DeviceId."""
    names = (device.alias, device.information.friendly_name or "", device.key.device_id)
    return tuple(name for name in (each.strip() for each in names) if name)


def is_called(device: Device, typed: str) -> bool:
    """Whether somebody who typed this means the device; upper and lower case are equal."""
    wanted = typed.strip().casefold()
    return any(name.casefold() == wanted for name in names_of(device))

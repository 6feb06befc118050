"""Devices that leave the list by themselves (product 5.7; research/wants.md 25): wiped ones after some days,
and ones that have been silent for long, where the organisation asked for it.

The archive keeps the record as it was and its story; the audit trail keeps all of it anyway. A device with an
open wipe is never archived: its record is what delivers the wipe. A wiped one that comes back is a newcomer,
and is held in quarantine (``holding``).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from gateway.records import Actor, ArchiveCause, ArchivedDevice, AuditRecord, AuditTag, Organisation
from gateway.services.acts import Act, Acts, Entry
from gateway.services.keeping import announce, end_orders
from gateway.services.partnerships import difference, target_of
from gateway.services.ports import Clock, Store
from gateway.services.tenants import found
from mdm.device import Device, DeviceKey, DeviceState
from mdm.lifecycle import WIPING

PAGE = 200
"""Devices of one organisation that one round looks at for one cause."""

STORY = 10_000
"""Audit records that go into the archive with a device."""

GATEWAY = Actor("system", "archive")


class ArchiveService:
    """Archives what is due, and shows what was archived."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._acts = Acts(store, clock)

    def round(self) -> int:
        """Archive what is due in every organisation; returns how many. Any process may, any time."""
        with self._store.read() as transaction:
            homes = transaction.directory.organisations()
        return sum(self._tidy(home) for home in homes)

    def list(self, organisation: str, *, before: int = 0, limit: int = 100) -> Sequence[ArchivedDevice]:
        """Archived devices of an organisation, the youngest first."""
        with self._store.read() as transaction:
            home = found(transaction, organisation)
            return transaction.archive.list(home.id, before=before, limit=limit)

    def _tidy(self, home: Organisation) -> int:
        now, done = self._clock.now(), 0
        with self._store.read() as transaction:
            archive = transaction.archive
            due: list[tuple[DeviceKey, ArchiveCause]] = []
            for cause, days in _days(home).items():
                if days:
                    look = archive.wiped if cause is ArchiveCause.WIPED else archive.silent
                    due += [(key, cause) for key in look(home.id, now - timedelta(days=days), PAGE)]
        for key, cause in due:
            act = Act(AuditTag.DEVICE_ARCHIVED, GATEWAY, home.id, target_of(key), cause.value)
            done += self._acts.perform(act, partial(_archive, key=key, cause=cause))
        return done


def _days(home: Organisation) -> Mapping[ArchiveCause, int]:
    rules = home.safeguards
    return {ArchiveCause.WIPED: rules.archive_wiped_days, ArchiveCause.STALE: rules.archive_days}


def _archive(entry: Entry, key: DeviceKey, cause: ArchiveCause) -> bool:
    device = entry.transaction.devices.get(key)
    days = _days(found(entry.transaction, key.organisation))[cause]
    if device is None or not days or not _is_due(device, cause, entry.now - timedelta(days=days)):
        return False
    told = difference(None, device)[1]
    owner = entry.transaction.directory.user(key.user)
    story = entry.transaction.audit.query(organisation=key.organisation, target=target_of(key), limit=STORY)
    entry.transaction.archive.add(
        ArchivedDevice(
            key,
            owner.address if owner else "",
            cause,
            entry.now,
            {**told, "last_seen": device.last_seen.isoformat(), "last_ip": device.last_ip},
            tuple(_line(record) for record in story),
        )
    )
    entry.transaction.devices.remove(key)
    end_orders(entry, key, "the device was archived")
    entry.record(before=told)
    announce(entry, key)
    return True


def _is_due(device: Device, cause: ArchiveCause, before: datetime) -> bool:
    """Asked again in the transaction: the device may have come back since it was found."""
    if cause is ArchiveCause.STALE:
        return device.state not in WIPING and device.last_seen < before
    done = device.wipe.acknowledged_at if device.wipe else None
    return device.state is DeviceState.WIPE_SUCCEEDED and done is not None and done < before


def _line(record: AuditRecord) -> Mapping[str, Any]:
    return {
        "sequence": record.sequence,
        "at": record.at.isoformat(),
        "tag": record.tag.value,
        "actor": record.actor.name,
        "before": dict(record.before),
        "after": dict(record.after),
        "reason": record.reason,
        "outcome": record.outcome,
    }

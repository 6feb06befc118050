"""What the audit trail says of backups and restores (product 8, 9.3).

A backup with its keys is the whole gateway, so that one was taken, where to and with what in it, stands in
the trail before the first table is read: it is in the backup too.
"""

from collections.abc import Sequence

from gateway.records import Actor, AuditRecord, AuditTag
from gateway.services.acts import Act, Acts
from gateway.services.ports import Clock, Store


def note_backup(store: Store, clock: Clock, actor: Actor, place: str, files: Sequence[str]) -> None:
    """Record that a backup is taken to ``place``, with ``files`` beside the tables."""
    act = Act(AuditTag.STORE_BACKED_UP, actor, "", place)
    Acts(store, clock).perform(act, lambda entry: entry.record(after={"files": list(files)}))


def restored(
    clock: Clock, actor: Actor, place: str, *, taken_at: str, release: str, rows: int, reason: str
) -> AuditRecord:
    """The record of a restore, for the transaction of the restore itself."""
    after = {"taken_at": taken_at, "release": release, "rows": rows}
    return AuditRecord(AuditTag.STORE_RESTORED, clock.now(), actor, "", place, after=after, reason=reason)

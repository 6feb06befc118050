"""Backups and restores stand in the trail."""

from gateway.records import Actor, AuditTag
from gateway.services.backups import note_backup, restored
from gateway.store import DatabaseStore
from tests.support.stores import NOON, Clock
from tests.support.world import World

ACTOR = Actor("admin", "cli:root")


def test_that_a_backup_was_taken_and_with_what(store: DatabaseStore) -> None:
    note_backup(store, Clock(), ACTOR, "/var/backups/usher", ["sealing.key"])
    (record,) = World(store).trail()
    assert (record.tag, record.actor, record.target) == (
        AuditTag.STORE_BACKED_UP,
        ACTOR,
        "/var/backups/usher",
    )
    assert dict(record.after) == {"files": ["sealing.key"]}


def test_what_was_restored() -> None:
    record = restored(Clock(), ACTOR, "/b", taken_at="then", release="1.0", rows=5, reason="fire")
    assert (record.tag, record.at, record.target, record.reason) == (
        AuditTag.STORE_RESTORED,
        NOON,
        "/b",
        "fire",
    )
    assert dict(record.after) == {"taken_at": "then", "release": "1.0", "rows": 5}

"""What is told of certificates that expire, and how often (product 9.1)."""

from datetime import timedelta

import pytest

from gateway.records import AuditRecord, AuditTag
from gateway.services.certificates import CertificateNotes, step_of
from gateway.store import DatabaseStore
from tests.support.stores import NOON, Clock

FILE = "/etc/usher/tls/fullchain.pem"


def told(store: DatabaseStore) -> list[AuditRecord]:
    with store.read() as transaction:
        return list(transaction.audit.query(tag=AuditTag.CERTIFICATE_EXPIRING))


@pytest.mark.parametrize(
    ("days", "step"),
    ((31, ""), (30, "30 days"), (8, "30 days"), (7, "7 days"), (0, "expired"), (-9, "expired")),
)
def test_steps_come_nearer(days: int, step: str) -> None:
    assert step_of(timedelta(days=days)) == step


def test_each_step_is_told_once(store: DatabaseStore) -> None:
    clock, until = Clock(), NOON + timedelta(days=40)
    notes = CertificateNotes(store, clock)
    for _ in range(45 * 4):
        notes.note(FILE, "a1", until)
        CertificateNotes(store, clock).note(FILE, "a1", until)
        clock.pass_by(hours=6)
    assert [record.after["within"] for record in told(store)] == ["30 days", "7 days", "expired"]
    assert {record.target for record in told(store)} == {FILE}
    assert told(store)[0].reason == "It expires within 30 days."


def test_the_one_that_takes_its_place_is_another(store: DatabaseStore) -> None:
    notes = CertificateNotes(store, Clock())
    assert notes.note(FILE, "a1", NOON + timedelta(days=9))
    assert not notes.note(FILE, "b2", NOON + timedelta(days=90))
    assert notes.note(FILE, "b2", NOON + timedelta(days=9))
    assert notes.note("/other.pem", "b2", NOON + timedelta(days=9))
    assert len(told(store)) == 3

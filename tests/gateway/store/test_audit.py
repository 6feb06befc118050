"""The audit trail's rows, on every database."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gateway.records import Actor, AuditRecord, AuditTag
from gateway.store import DatabaseStore
from tests.support.stores import ACME, NOON

ADMIN = Actor("admin", "root", "127.0.0.1", "usher/0.1", "r-1")


def record(
    tag: AuditTag = AuditTag.WIPE_REQUIRED, organisation: str = ACME.id, target: str = "u/PHONE1"
) -> AuditRecord:
    return AuditRecord(tag, NOON, ADMIN, organisation, target, {"state": "a"}, {"state": ["b", None]}, "lost")


@pytest.fixture(autouse=True)
def _three(store: DatabaseStore) -> None:
    with store.write() as transaction:
        transaction.audit.append(record())
        transaction.audit.append_all(
            [record(AuditTag.WIPE_CANCELLED), record(organisation="m-other", target="x")]
        )
        transaction.audit.append_all([])


def test_records_come_back_in_order_with_their_number(store: DatabaseStore) -> None:
    with store.read() as transaction:
        found = transaction.audit.query()
    assert [one.sequence for one in found] == [1, 2, 3]
    first = found[0]
    assert (first.tag, first.at, first.actor, first.reason) == (AuditTag.WIPE_REQUIRED, NOON, ADMIN, "lost")
    assert (dict(first.before), dict(first.after)) == ({"state": "a"}, {"state": ["b", None]})


def test_the_query_filters_and_pages(store: DatabaseStore) -> None:
    with store.read() as transaction:
        trail = transaction.audit
        assert len(trail.query(organisation=ACME.id)) == 2
        assert len(trail.query(target="x")) == 1
        assert len(trail.query(tag=AuditTag.WIPE_CANCELLED)) == 1
        assert [one.sequence for one in trail.query(after=1, limit=1)] == [2]


@pytest.mark.parametrize("statement", ["UPDATE audit SET reason = ''", "DELETE FROM audit"])
def test_the_database_itself_refuses_to_change_a_record(store: DatabaseStore, statement: str) -> None:
    with store._engine.connect() as connection, pytest.raises(DBAPIError, match="append-only"):
        connection.execute(text(statement))

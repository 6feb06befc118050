"""Append-only, in order, chained, by whoever asks."""

from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gateway.errors import GatewayError, Kind
from gateway.records import ARCHIVE, Actor, AuditQuestion, AuditRecord, AuditTag, Seal
from gateway.records.chain import GENESIS
from gateway.store import DatabaseStore
from gateway.store.changes import CHANNEL
from tests.support.stores import ACME, GLOBEX, NOON
from tests.support.trails import Trail, record

ADMIN = Actor("admin", "root", "192.0.2.1", "curl/8", "r-1", "p-1", "c-1")
WIPED = AuditRecord(
    AuditTag.WIPE_REQUIRED,
    NOON,
    ADMIN,
    ACME.id,
    "ann/PHONE1",
    {"state": "a"},
    {"state": ["b", None]},
    "lost",
)
REFUSED = replace(WIPED, tag=AuditTag.WIPE_CANCELLED, outcome="refused: late", at=NOON + timedelta(seconds=1))
OTHERS = replace(WIPED, organisation=GLOBEX.id, target="ann", actor=replace(ADMIN, name="other"))


@pytest.fixture
def store(store: DatabaseStore) -> DatabaseStore:
    with store.write() as transaction:
        transaction.audit.append(WIPED)
        transaction.audit.append_all([REFUSED, OTHERS])
        transaction.audit.append_all([])
    return store


def asked(store: DatabaseStore, question: AuditQuestion) -> list[int]:
    with store.read() as transaction:
        return [one.sequence for one in transaction.audit.find(question)]


def test_records_come_back_in_order_with_their_number(store: DatabaseStore) -> None:
    with store.read() as transaction:
        found = transaction.audit.query()
    assert [one.sequence for one in found] == [1, 2, 3]
    first = found[0]
    assert (first.tag, first.at, first.actor, first.reason) == (AuditTag.WIPE_REQUIRED, NOON, ADMIN, "lost")
    assert (dict(first.before), dict(first.after)) == ({"state": "a"}, {"state": ["b", None]})


def test_what_is_counted_is_of_one_kind_about_one_thing_with_one_outcome_after_a_moment(
    store: DatabaseStore,
) -> None:
    with store.write() as transaction:
        transaction.audit.append_all([REFUSED] * 2)
        audit, late = transaction.audit, "refused: late"
        counted = [
            audit.count(tag, target, outcome, NOON + timedelta(seconds=seconds))
            for tag, target, outcome, seconds in (
                (AuditTag.WIPE_CANCELLED, "ann/PHONE1", late, 0),
                (AuditTag.WIPE_CANCELLED, "ann/PHONE1", late, 1),
                (AuditTag.WIPE_CANCELLED, "ann", late, 0),
                (AuditTag.WIPE_REQUIRED, "ann/PHONE1", late, 0),
                (AuditTag.WIPE_CANCELLED, "ann/PHONE1", "refused: l", 0),
            )
        ]
    assert counted == [3, 0, 0, 0, 0]


def test_each_record_carries_the_hash_of_the_one_before(store: DatabaseStore) -> None:
    with store.write() as transaction:
        transaction.audit.append(WIPED)
        transaction.audit.append_all([REFUSED] * 3)
    with store.read() as transaction:
        found = transaction.audit.query()
    assert [one.previous for one in found] == [GENESIS, *(one.hash for one in found[:-1])]
    assert len({one.hash for one in found}) == 7


def test_the_query_filters_and_pages(store: DatabaseStore) -> None:
    with store.read() as transaction:
        trail = transaction.audit
        assert len(trail.query(organisation=ACME.id)) == 2
        assert len(trail.query(target="ann")) == 1
        assert len(trail.query(tag=AuditTag.WIPE_CANCELLED)) == 1
        assert [one.sequence for one in trail.query(after=1, limit=1)] == [2]


@pytest.mark.parametrize(
    ("question", "numbers"),
    [
        (AuditQuestion(user="ann"), [1, 2, 3]),
        (AuditQuestion(user="an"), []),
        (AuditQuestion(user="%"), []),
        (AuditQuestion(actor="other"), [3]),
        (AuditQuestion(refused=True), [2]),
        (AuditQuestion(refused=False), [1, 3]),
        (AuditQuestion(since=NOON + timedelta(seconds=1)), [2]),
        (AuditQuestion(until=NOON + timedelta(seconds=1)), [1, 3]),
        (AuditQuestion(before=3, after=1), [2]),
        (AuditQuestion(newest_first=True), [3, 2, 1]),
        (AuditQuestion(ACME.id, newest_first=True, before=2), [1]),
    ],
)
def test_what_is_asked(store: DatabaseStore, question: AuditQuestion, numbers: list[int]) -> None:
    assert asked(store, question) == numbers


def test_what_was_undone_leaves_no_gap(store: DatabaseStore) -> None:
    with pytest.raises(RuntimeError), store.write() as transaction:
        transaction.audit.append(WIPED)
        raise RuntimeError
    with store.write() as transaction:
        transaction.audit.append(WIPED)
    assert asked(store, AuditQuestion()) == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET reason = ''",
        "DELETE FROM audit",
        "DELETE FROM audit WHERE sequence = 3",
        "UPDATE audit SET sequence = 9 WHERE sequence = 1",
        "INSERT INTO audit SELECT * FROM audit WHERE sequence = 2",
    ],
)
def test_the_database_itself_refuses_to_change_a_record(store: DatabaseStore, statement: str) -> None:
    with store._engine.connect() as connection, pytest.raises(DBAPIError, match="append-only"):
        connection.execute(text(statement))


def test_nothing_is_inserted_but_the_next_number(store: DatabaseStore) -> None:
    columns = "tag, at, actor_kind, actor_name, actor_address, actor_user_agent, request_id, organisation,"
    columns += " target, before, after, reason, outcome, actor_person, actor_credential, previous, hash"
    for number in (0, 3, 5, 99):
        row = f"SELECT {number}, {columns} FROM audit WHERE sequence = 1"  # noqa: S608
        copy = f"INSERT INTO audit (sequence, {columns}) {row}"
        with store._engine.connect() as connection, pytest.raises(DBAPIError, match="append-only"):
            connection.execute(text(copy))


def test_sqlite_replaces_no_record_either(store: DatabaseStore) -> None:
    if store._engine.dialect.name != "sqlite":
        pytest.skip("a statement of SQLite")
    with store._engine.connect() as connection, pytest.raises(DBAPIError, match="append-only"):
        connection.execute(text("INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE sequence = 1"))


@pytest.mark.parametrize("statement", ["UPDATE audit_seals SET hash = ''", "DELETE FROM audit_seals"])
def test_what_was_signed_is_kept_as_well(store: DatabaseStore, statement: str) -> None:
    Trail(store).checkpoint()
    with store._engine.connect() as connection, pytest.raises(DBAPIError, match="append-only"):
        connection.execute(text(statement))


def test_what_was_archived_may_go_and_nothing_else(store: DatabaseStore) -> None:
    with store.write() as transaction:
        transaction.audit_chain.add_seal(Seal(ARCHIVE, 2, "h", NOON, 2, "k", "s"))
    with store._engine.begin() as connection:
        connection.execute(text("DELETE FROM audit WHERE sequence <= 2"))
    with store._engine.connect() as connection, pytest.raises(DBAPIError, match="append-only"):
        connection.execute(text("DELETE FROM audit WHERE sequence = 3"))


@pytest.mark.parametrize(
    "wrong", [{"after": {"a": float("nan")}}, {"reason": "\ud800"}, {"before": {"a": "\udfff"}}]
)
def test_what_cannot_be_stored_is_refused_on_both(store: DatabaseStore, wrong: dict[str, object]) -> None:
    with pytest.raises(GatewayError) as caught, store.write() as transaction:
        transaction.audit.append(record(4, **wrong))
    assert caught.value.kind is Kind.MALFORMED


@pytest.mark.postgres
def test_a_transaction_with_records_wakes_the_readers_of_events(store: DatabaseStore) -> None:
    if store._engine.dialect.name != "postgresql":
        pytest.skip("SQLite tells by its version")
    arguments, options = store._engine.dialect.create_connect_args(store._engine.url)
    with psycopg.connect(*arguments, **options, autocommit=True) as listening:
        listening.execute(f"LISTEN {CHANNEL}")
        with store.write() as transaction:
            transaction.audit.append(WIPED)
            transaction.audit.append_all([WIPED, REFUSED])
        assert len(list(listening.notifies(timeout=10, stop_after=1))) == 1


def test_the_role_of_a_gateway_needs_to_read_and_insert_only(store: DatabaseStore) -> None:
    """docs/audit.md: what the database denies, no mistake of the code can do."""
    if store._engine.dialect.name != "postgresql":
        pytest.skip("SQLite has no roles")
    role = f"r{store._engine.url.database}"
    denied = [
        "UPDATE audit SET reason = ''",
        "DELETE FROM audit",
        "TRUNCATE audit",
        "ALTER TABLE audit DISABLE TRIGGER USER",
        "DELETE FROM audit_seals",
    ]
    with store._engine.begin() as connection:
        connection.execute(text(f"CREATE ROLE {role}"))
        connection.execute(text(f"GRANT SELECT, INSERT ON audit, audit_seals TO {role}"))
    for statement in denied:
        with store._engine.connect() as connection:
            connection.execute(text(f"SET ROLE {role}"))
            with pytest.raises(DBAPIError, match=r"permission denied|must be owner"):
                connection.execute(text(statement))
    with store._engine.begin() as connection:
        connection.execute(text(f"SET LOCAL ROLE {role}"))
        assert connection.scalar(text("SELECT count(*) FROM audit")) == 3
    with store._engine.begin() as connection:
        connection.execute(text(f"DROP OWNED BY {role}"))
        connection.execute(text(f"DROP ROLE {role}"))

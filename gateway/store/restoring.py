"""Writing a backup into a database (product 9.3, docs/decisions/0036).

Everything happens in one writer's transaction: the tables are made as the backup's own release had them, its
rows put in, and the steps of this release run over them. Whatever goes wrong, a crash included, leaves the
database as it was; running gateways see the old one until the end and then a gap in the change feed, at which
they look at everything anew.

What is replaced is dropped, for the audit trail refuses to be emptied: a trigger is no defence against who
owns the table, and the record of the restore says how far the trail went that it replaced.
"""

from base64 import b64decode
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, bindparam, column, func, insert, inspect, select, text
from sqlalchemy import table as named_table
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from gateway.errors import GatewayError, Kind
from gateway.records import AuditRecord, Scope
from gateway.store import engine as engines
from gateway.store import schema
from gateway.store.backup import BATCH, Told, last_number, sequence_of
from gateway.store.backup_files import BackupReader, Manifest, TableContent
from gateway.store.tables import changes, metadata
from gateway.store.tables_administrators import sessions, sign_in_questions
from gateway.store.tables_audit import audit
from gateway.store.tables_self_service import self_sessions
from gateway.store.transaction import RowTransaction, translated

UNREAD = frozenset({changes.name, sessions.name, self_sessions.name, sign_in_questions.name})
"""Tables whose rows mean nothing in another database: a place in one change feed is none in the other, and
whoever signed out since the backup must not be signed in again (T29)."""

FIRST = ("audit_seals",)
"""Tables that go before the others: where the trail was archived its first record is not number 1, and its
trigger looks there for where it begins."""

_VERSION = "alembic_version"


def restore(
    url: str,
    backup: BackupReader,
    record: AuditRecord,
    *,
    replacing: bool,
    told: Told = lambda *_: None,
) -> None:
    """Put ``backup`` into the database at ``url``; ``backup.verify`` comes first.

    Args:
        record: what the trail will say of it; how far a replaced trail went is added.
        replacing: whether what is in the database may be lost.

    Raises:
        GatewayError: UNSUPPORTED for a backup, or a database, of a newer release; CONFLICT for a database
            that is not empty; MALFORMED for rows that do not fit; UNAVAILABLE.
    """
    suits(backup.manifest)
    engine = engines.connect(url)
    try:
        with translated(), engine.connect() as connection, engines.writing(connection).begin():
            record, changes_until = _cleared(connection, record, replacing=replacing)
            schema.bring(connection, backup.manifest.revision)
            _filled(connection, backup, told)
            schema.bring(connection)
            transaction = RowTransaction(connection)
            transaction.audit.append(record)
            _wake(connection, transaction, changes_until)
    finally:
        engine.dispose()


def suits(manifest: Manifest) -> None:
    """GatewayError UNSUPPORTED for a backup that only a newer release can read."""
    if not schema.known(manifest.revision):
        raise GatewayError(
            Kind.UNSUPPORTED,
            f"The backup is of Usher {manifest.release} with a schema that this release does not know.",
        )
    unknown = {table.name for table in manifest.tables} - set(metadata.tables)
    if unknown:
        raise GatewayError(Kind.MALFORMED, f"The backup has a table that Usher has not: {min(unknown)}.")


def _cleared(connection: Connection, record: AuditRecord, *, replacing: bool) -> tuple[AuditRecord, int]:
    """Make room; gives the record with what is lost, and the last number of the change feed so far."""
    there = set(inspect(connection).get_table_names())
    revision = schema.present(connection)
    if revision is not None and not schema.known(revision):
        raise GatewayError(Kind.UNSUPPORTED, "A newer release has brought this database further.")
    if not replacing and (full := _filled_table(connection, there)):
        raise GatewayError(
            Kind.CONFLICT, f"The database is not empty ({full} has rows): what is in it would be replaced."
        )
    trail = connection.scalar(select(func.max(audit.c.sequence))) if audit.name in there else 0
    until = last_number(connection, changes) if changes.name in there else 0
    _drop(connection, there)
    return replace(record, after={**record.after, "replaced_trail": trail or 0}), until


def _filled_table(connection: Connection, there: set[str]) -> str:
    for table in metadata.sorted_tables:
        if table.name in there and connection.execute(_any_row(table.name)).first() is not None:
            return table.name
    return ""


def _any_row(name: str) -> Any:
    return select(text("1")).select_from(named_table(name)).limit(1)


def _drop(connection: Connection, there: set[str]) -> None:
    functions = _trigger_functions(connection, there) if connection.dialect.name == "postgresql" else ()
    metadata.drop_all(connection)
    if _VERSION in there:
        connection.execute(text(f"DROP TABLE {_VERSION}"))
    for function in functions:
        connection.execute(text(f"DROP FUNCTION {function}"))


def _trigger_functions(connection: Connection, there: set[str]) -> Sequence[str]:
    """What the triggers of our tables call: it does not go with them, and the steps make it anew."""
    statement = text(
        "SELECT DISTINCT t.tgfoid::regprocedure::text FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
        "WHERE NOT t.tgisinternal AND c.relname IN :names"
    ).bindparams(bindparam("names", expanding=True))
    names = sorted(there & set(metadata.tables)) or [""]
    return list(connection.scalars(statement, {"names": names}))


def _filled(connection: Connection, backup: BackupReader, told: Told) -> None:
    present = {table.name: table for table in backup.manifest.tables}
    for table in sorted(metadata.sorted_tables, key=lambda each: each.name not in FIRST):
        source = present.get(table.name)
        if source is None:
            continue
        if table.name not in UNREAD:
            _insert(connection, backup, source)
        _go_on_from(connection, table.name, source.counter)
        told(source.name, source.rows)


def _insert(connection: Connection, backup: BackupReader, source: TableContent) -> None:
    names = [name for name, _ in source.columns]
    into = insert(named_table(source.name, *(column(name) for name in names)))
    read = [_reader(kind, connection.dialect.name) for _, kind in source.columns]
    rows = backup.rows(source)
    try:
        while batch := [_values(names, read, row) for row in islice(rows, BATCH)]:
            connection.execute(into, batch)
    except (IntegrityError, ValueError, TypeError) as error:
        raise GatewayError(Kind.MALFORMED, f"A row of {source.name} does not fit its table.") from error
    except SQLAlchemyError as error:
        if isinstance(getattr(error, "orig", None), UnicodeError):
            raise GatewayError(Kind.MALFORMED, f"A text of {source.name} cannot be stored.") from error
        raise


def _values(names: Sequence[str], read: Sequence[Callable[[Any], Any]], row: Sequence[Any]) -> dict[str, Any]:
    return {
        name: None if value is None else convert(value)
        for name, convert, value in zip(names, read, row, strict=True)
    }


def _reader(kind: str, dialect: str) -> Callable[[Any], Any]:
    match kind:
        case "instant":
            return _sqlite_instant if dialect == "sqlite" else datetime.fromisoformat
        case "boolean":
            return bool
        case "bytes":
            return b64decode
        case "integer":
            return int
        case "real":
            return float
        case _:
            return _text


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("a text is none")
    return value


def _sqlite_instant(value: str) -> str:
    moment = datetime.fromisoformat(value).astimezone(UTC)
    return moment.replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")


def _go_on_from(connection: Connection, name: str, number: int) -> None:
    """No number is given twice, not even one whose row is gone: readers keep their place by it."""
    table = metadata.tables[name]
    if table.autoincrement_column is None or number < 1:
        return
    if connection.dialect.name == "postgresql":
        if sequence := sequence_of(connection, table):
            connection.execute(select(func.setval(sequence, number)))
        return
    values = {"name": name, "number": number}
    connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), values)
    connection.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :number)"), values)


def _wake(connection: Connection, transaction: RowTransaction, until: int) -> None:
    """Leave a gap before the next number of the change feed, and use it: whoever has a place in the feed, in
    this database or in the one that was backed up, finds it gone.
    """
    _go_on_from(connection, changes.name, max(until, last_number(connection, changes)) + 1)
    transaction.changes.announce(Scope.DIRECTORY, "")

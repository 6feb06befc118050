"""Reading a whole database into a backup while gateways work on it (product 9.3, docs/decisions/0036).

All tables are read in one snapshot, so the backup shows one moment, whatever is written meanwhile: a deferred
transaction of SQLite's WAL, REPEATABLE READ on PostgreSQL. Which tables there are is what ``tables.metadata``
says, so a further one is taken along by itself. Values are read past the column types of this release, as the
database has them, and written with their kind, so that the other database can read them.
"""

import json
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Connection,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    TypeDecorator,
    cast,
    column,
    select,
    text,
)
from sqlalchemy import table as named_table
from sqlalchemy.types import TypeEngine

from gateway.errors import GatewayError, Kind
from gateway.store import engine as engines
from gateway.store import schema
from gateway.store.backup_files import BackupWriter, Content, Manifest, TableContent
from gateway.store.tables import metadata
from gateway.store.transaction import translated

BATCH = 1000
"""Rows at a time: what is held of a database, however large it is."""

Told = Callable[[str, int], None]
"""Hears the name of each table and how many rows it had."""

_KINDS: tuple[tuple[type[TypeEngine[Any]], str], ...] = (
    (JSON, "json"),
    (Boolean, "boolean"),
    (DateTime, "instant"),
    (LargeBinary, "bytes"),
    (Integer, "integer"),
    (Float, "real"),
    (String, "text"),
)


def dump(url: str, release: str, now: datetime, out: BackupWriter, told: Told = lambda *_: None) -> Manifest:
    """Write every table of the database at ``url`` to ``out``; the caller adds files and closes.

    Raises:
        GatewayError: CONFLICT when the database is at another schema than this release; UNAVAILABLE.
    """
    with _snapshot(url) as connection:
        _same_schema(connection)
        tables = tuple(_dumped(connection, table, out, told) for table in metadata.sorted_tables)
        return Manifest(
            release, schema.newest(), now.astimezone(UTC).isoformat(), connection.dialect.name, tables
        )


def check_schema(url: str) -> None:
    """GatewayError CONFLICT when the database is at another schema than this release; UNAVAILABLE."""
    with _snapshot(url) as connection:
        _same_schema(connection)


@contextmanager
def _snapshot(url: str) -> Iterator[Connection]:
    engine = engines.connect(url)
    try:
        with translated(), engine.connect() as connection, engines.reading(connection).begin():
            yield connection
    finally:
        engine.dispose()


def _same_schema(connection: Connection) -> None:
    if schema.present(connection) != schema.newest():
        raise GatewayError(
            Kind.CONFLICT,
            "The database has the schema of another release: take the backup with the one that serves it.",
        )


def _dumped(connection: Connection, source: Table, out: BackupWriter, told: Told) -> TableContent:
    columns = tuple((each.name, kind_of(each.type)) for each in source.columns)
    rows = 0
    with out.member(f"tables/{source.name}.jsonl") as sink:
        for batch in _batches(connection, source, columns):
            sink.write(b"".join(_line(columns, row) for row in batch))
            rows += len(batch)
    told(source.name, rows)
    return TableContent(source.name, columns, rows, last_number(connection, source), sink.content())


def _batches(
    connection: Connection, source: Table, columns: Sequence[tuple[str, str]]
) -> Iterator[Sequence[Sequence[Any]]]:
    plain = named_table(source.name, *(column(name) for name, _ in columns))
    values = [cast(plain.c[name], Text) if kind == "json" else plain.c[name] for name, kind in columns]
    statement = select(*values).order_by(*(plain.c[each.name] for each in source.primary_key))
    result = connection.execute(statement, execution_options={"yield_per": BATCH})
    yield from result.partitions()


def kind_of(stored: TypeEngine[Any]) -> str:
    """How values of this column are written to a backup; TypeError for one that nobody has thought of."""
    while isinstance(stored, TypeDecorator):
        stored = stored.impl_instance
    for known, kind in _KINDS:
        if isinstance(stored, known):
            return kind
    raise TypeError(f"no backup knows columns of type {stored!r}")


def _line(columns: Sequence[tuple[str, str]], row: Sequence[Any]) -> bytes:
    values = [_written(kind, value) for (_, kind), value in zip(columns, row, strict=True)]
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _written(kind: str, value: Any) -> Any:
    if value is None:
        return None
    match kind:
        case "instant":
            return _instant(value)
        case "boolean":
            return bool(value)
        case "bytes":
            return b64encode(value).decode("ascii")
        case _:  # a document stays the text that it is: as a value its null would be no value at all
            return value


def _instant(value: datetime | str) -> str:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    utc = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return utc.isoformat(timespec="microseconds")


def last_number(connection: Connection, source: Table) -> int:
    """The last number that was given to a row of the table, be the row still there or not; 0 for none."""
    if source.autoincrement_column is None:
        return 0
    if connection.dialect.name == "sqlite":
        found = connection.scalar(
            text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": source.name}
        )
        return found or 0
    sequence = sequence_of(connection, source)
    # A sequence that was never used says 1 as well; its name is PostgreSQL's own answer, quoted by it.
    statement = text(f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}")  # noqa: S608 - as said
    return connection.scalar(statement) or 0 if sequence else 0


def sequence_of(connection: Connection, source: Table) -> str:
    """PostgreSQL's name of the sequence behind the table's numbers, empty for none."""
    numbered = source.autoincrement_column
    if numbered is None:
        return ""
    statement = text("SELECT pg_get_serial_sequence(:table, :column)")
    return connection.scalar(statement, {"table": source.name, "column": numbered.name}) or ""


def add_files(out: BackupWriter, files: Mapping[str, bytes]) -> Mapping[str, Content]:
    """Write small files beside the tables; for ``Manifest.files``."""
    contents = {}
    for name, data in files.items():
        with out.member(f"files/{name}") as sink:
            sink.write(data)
        contents[name] = sink.content()
    return contents

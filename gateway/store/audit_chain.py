"""The trail as it is hashed, and what was signed of it (product 8, T26): for whoever verifies or archives.

Rows are read as texts, as they stand: what was tampered with must come out and not be mended on the way. A
million of them pass in one transaction, never all in memory. Nothing here is narrowed: one chain for all.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Text,
    cast,
    delete,
    func,
    insert,
    literal,
    select,
    type_coerce,
)

from gateway.records import ARCHIVE, Seal
from gateway.records.chain import COLUMNS, DOCUMENTS, GENESIS, Link
from gateway.store.tables_audit import audit, audit_seals
from gateway.store.within import everybody

BATCH = 2000
"""Rows that a cursor brings at once."""

ISO = 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'


class ChainRows:
    """``audit_ports.Chain`` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def links(self, *, after: int = 0, upto: int | None = None) -> Iterator[Link]:
        statement = raw(self._connection.dialect.name).where(audit.c.sequence > after)
        if upto is not None:
            statement = statement.where(audit.c.sequence <= upto)
        statement = statement.order_by(audit.c.sequence).execution_options(yield_per=BATCH)
        width = len(COLUMNS)
        with _whatever_it_holds(self._connection):
            for row in self._connection.execute(everybody(statement)):
                yield Link(row[:width], row[width], row[width + 1])

    def last(self) -> tuple[int, str]:
        return last_link(self._connection)

    def last_before(self, moment: datetime) -> int:
        young = self._connection.scalar(
            everybody(select(func.min(audit.c.sequence)).where(audit.c.at >= moment))
        )
        return self.last()[0] if young is None else young - 1

    def seals(self, kind: str) -> Sequence[Seal]:
        statement = select(audit_seals).where(audit_seals.c.kind == kind).order_by(audit_seals.c.sequence)
        return [Seal(**row) for row in self._connection.execute(everybody(statement)).mappings()]

    def last_seal(self, kind: str) -> Seal | None:
        found = _last_seal(self._connection, kind)
        return Seal(**found._mapping) if found else None

    def add_seal(self, seal: Seal) -> None:
        row = {name: getattr(seal, name) for name in audit_seals.c.keys()}  # noqa: SIM118 - not a mapping
        self._connection.execute(everybody(insert(audit_seals)), row)

    def remove(self, upto: int, limit: int) -> int:
        old = select(audit.c.sequence).where(audit.c.sequence <= upto).order_by(audit.c.sequence).limit(limit)
        return self._connection.execute(everybody(delete(audit).where(audit.c.sequence.in_(old)))).rowcount


@contextmanager
def _whatever_it_holds(connection: Connection) -> Iterator[None]:
    """SQLite keeps octets that are no UTF-8 as text: one such record must be told, and not end the look."""
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name != "sqlite":
        yield
        return
    before = driver.text_factory
    driver.text_factory = partial(str, encoding="utf-8", errors="surrogateescape")
    try:
        yield
    finally:
        driver.text_factory = before


def last_link(connection: Connection) -> tuple[int, str]:
    """Number and hash of the last record, whether it is there or archived; 0 and ``GENESIS`` for none."""
    statement = select(audit.c.sequence, audit.c.hash).order_by(audit.c.sequence.desc()).limit(1)
    found = connection.execute(everybody(statement)).first() or _last_seal(connection, ARCHIVE)
    return (found.sequence, found.hash) if found is not None else (0, GENESIS)


def _last_seal(connection: Connection, kind: str) -> Any:
    statement = select(audit_seals).where(audit_seals.c.kind == kind)
    return connection.execute(everybody(statement.order_by(audit_seals.c.sequence.desc()).limit(1))).first()


def raw(dialect: str) -> Select[Any]:
    """Every row in the order of ``COLUMNS``, with ``previous`` and ``hash``, as texts."""
    columns = [_text(name, dialect) for name in COLUMNS]
    return select(*columns, audit.c.previous, audit.c.hash)


def _text(name: str, dialect: str) -> ColumnElement[Any]:
    column = audit.c[name]
    if name in DOCUMENTS:
        return cast(column, Text)
    if name == "tag":
        return type_coerce(column, Text)
    if name != "at":
        return column
    if dialect == "sqlite":
        return func.replace(type_coerce(column, Text), " ", "T") + literal("Z")
    return func.to_char(func.timezone("UTC", column), ISO)

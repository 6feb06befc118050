"""Rows of sessions (product 7.7; T24). One that was ended is gone."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, Table, delete, insert, select, update

from gateway.records.administrators import Session
from gateway.records.passkeys import Means
from gateway.store.tables_administrators import sessions


class EndingRows:
    """What sessions of administrators and of people have in common: they are seen, and come to an end."""

    def __init__(self, connection: Connection, table: Table) -> None:
        self._connection = connection
        self._table = table

    def seen(self, identity: str, at: datetime) -> None:
        table = self._table
        statement = update(table).where((table.c.id == identity) & (table.c.seen_at < at))
        self._connection.execute(statement.values(seen_at=at))

    def end(self, identity: str) -> bool:
        statement = delete(self._table).where(self._table.c.id == identity)
        return self._connection.execute(statement).rowcount > 0

    def prune(self, seen_before: datetime, ended_before: datetime) -> int:
        over = (self._table.c.seen_at < seen_before) | (self._table.c.ends_at < ended_before)
        return self._connection.execute(delete(self._table).where(over)).rowcount


class SessionRows(EndingRows):
    """``administrator_ports.SessionRecords`` on one connection."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, sessions)

    def add(self, session: Session) -> None:
        self._connection.execute(insert(sessions), asdict(session))

    def get(self, identity: str) -> Session | None:
        return self._one(select(sessions).where(sessions.c.id == identity))

    def by_digest(self, digest: str) -> Session | None:
        return self._one(select(sessions).where(sessions.c.digest == digest))

    def of(self, administrator: str) -> Sequence[Session]:
        statement = select(sessions).where(sessions.c.administrator == administrator)
        rows = self._connection.execute(statement.order_by(sessions.c.created_at, sessions.c.id)).mappings()
        return [Session(**row) for row in rows]

    def confirm(self, identity: str, at: datetime) -> None:
        self._connection.execute(update(sessions).where(sessions.c.id == identity).values(confirmed_at=at))

    def strengthen(self, identity: str, means: Means) -> None:
        self._connection.execute(update(sessions).where(sessions.c.id == identity).values(means=means))

    def end_all(self, administrator: str, *, but: str = "") -> int:
        theirs = (sessions.c.administrator == administrator) & (sessions.c.id != but)
        return self._connection.execute(delete(sessions).where(theirs)).rowcount

    def _one(self, statement: Select[Any]) -> Session | None:
        row = self._connection.execute(statement).mappings().one_or_none()
        return None if row is None else Session(**row)

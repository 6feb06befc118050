"""Rows of sessions (product 7.7; T24). One that was ended is gone."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, delete, insert, select, update

from gateway.records.administrators import Session
from gateway.records.passkeys import Means
from gateway.store.tables_administrators import sessions


class SessionRows:
    """``administrator_ports.SessionRecords`` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

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

    def seen(self, identity: str, at: datetime) -> None:
        statement = update(sessions).where((sessions.c.id == identity) & (sessions.c.seen_at < at))
        self._connection.execute(statement.values(seen_at=at))

    def confirm(self, identity: str, at: datetime) -> None:
        self._connection.execute(update(sessions).where(sessions.c.id == identity).values(confirmed_at=at))

    def strengthen(self, identity: str, means: Means) -> None:
        self._connection.execute(update(sessions).where(sessions.c.id == identity).values(means=means))

    def end(self, identity: str) -> bool:
        return self._connection.execute(delete(sessions).where(sessions.c.id == identity)).rowcount > 0

    def end_all(self, administrator: str, *, but: str = "") -> int:
        theirs = (sessions.c.administrator == administrator) & (sessions.c.id != but)
        return self._connection.execute(delete(sessions).where(theirs)).rowcount

    def prune(self, seen_before: datetime, ended_before: datetime) -> int:
        over = (sessions.c.seen_at < seen_before) | (sessions.c.ends_at < ended_before)
        return self._connection.execute(delete(sessions).where(over)).rowcount

    def _one(self, statement: Select[Any]) -> Session | None:
        row = self._connection.execute(statement).mappings().one_or_none()
        return None if row is None else Session(**row)

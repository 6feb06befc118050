"""Rows of sessions at the self-service page (product 7.8; T24). One that was ended is gone."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from gateway.records.app_passwords import SelfSession
from gateway.store.sessions import EndingRows
from gateway.store.tables_self_service import self_sessions


class SelfSessionRows(EndingRows):
    """``self_service_ports.SelfSessionRecords`` on one connection."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, self_sessions)

    def add(self, session: SelfSession) -> None:
        values = asdict(session)
        self._connection.execute(insert(self_sessions), {"user_id": values.pop("user"), **values})

    def by_digest(self, digest: str) -> SelfSession | None:
        statement = select(self_sessions).where(self_sessions.c.digest == digest)
        row = self._connection.execute(statement).mappings().one_or_none()
        if row is None:
            return None
        values = dict(row)
        return SelfSession(user=values.pop("user_id"), **values)

    def prove(self, identity: str, at: datetime) -> None:
        statement = update(self_sessions).where(self_sessions.c.id == identity)
        self._connection.execute(statement.values(proved_at=at))

    def end_all(self, user: str) -> int:
        return self._connection.execute(delete(self_sessions).where(self_sessions.c.user_id == user)).rowcount

"""Rows of jobs (product 5.6)."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, bindparam, insert, select, update
from sqlalchemy import tuple_ as row_value

from gateway.records import Job, JobState
from gateway.store.tables import Instant
from gateway.store.tables_wipes import jobs as table

_SPECIAL = frozenset(("user", "document"))
_PLAIN = tuple(field.name for field in fields(Job) if field.name not in _SPECIAL)


class JobRows:
    """``ledger_ports.Jobs`` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, job: Job) -> None:
        self._connection.execute(insert(table), _row(job))

    def save(self, job: Job) -> None:
        self._connection.execute(update(table).where(table.c.id == job.id), _row(job))

    def get(self, job: str) -> Job | None:
        found = self._read(select(table).where(table.c.id == job))
        return found[0] if found else None

    def running(self, *, kind: str = "", user: str = "") -> Sequence[Job]:
        statement = select(table).where(table.c.state == JobState.RUNNING)
        if kind:
            statement = statement.where(table.c.kind == kind)
        if user:
            statement = statement.where(table.c.user_id == user)
        return self._read(statement.order_by(table.c.created_at, table.c.id))

    def list(
        self, organisation: str, *, before: tuple[datetime, str] | None = None, limit: int = 100
    ) -> Sequence[Job]:
        statement = select(table).where(table.c.organisation == organisation)
        if before is not None:
            place = (bindparam("created_before", before[0], Instant), before[1])
            statement = statement.where(row_value(table.c.created_at, table.c.id) < row_value(*place))
        return self._read(statement.order_by(table.c.created_at.desc(), table.c.id.desc()).limit(limit))

    def _read(self, statement: Select[Any]) -> Sequence[Job]:
        return [_job(row) for row in self._connection.execute(statement).mappings()]


def _row(job: Job) -> dict[str, Any]:
    plain = {name: getattr(job, name) for name in _PLAIN}
    return plain | {"user_id": job.user, "document": dict(job.document)}


def _job(row: RowMapping) -> Job:
    plain = {name: row[name] for name in _PLAIN}
    return Job(user=row["user_id"], document=MappingProxyType(row["document"]), **plain)

"""Rows of requests that were made under a key (product 7.3)."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from gateway.records.repetitions import KeptRequest
from gateway.store.tables_repetitions import kept_requests as table


class RepetitionRows:
    """``repetitions.KeptRequests`` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, principal: str, key: str) -> KeptRequest | None:
        row = self._connection.execute(select(table).where(*_named(principal, key))).mappings().one_or_none()
        return KeptRequest(**row) if row else None

    def add(self, request: KeptRequest) -> None:
        self._connection.execute(insert(table), asdict(request))

    def save(self, request: KeptRequest) -> None:
        statement = update(table).where(*_named(request.principal, request.key))
        self._connection.execute(statement, asdict(request))

    def remove(self, principal: str, key: str) -> None:
        self._connection.execute(delete(table).where(*_named(principal, key)))

    def prune(self, before: datetime) -> int:
        return self._connection.execute(delete(table).where(table.c.created_at < before)).rowcount


def _named(principal: str, key: str) -> tuple[ColumnElement[bool], ...]:
    return table.c.principal == principal, table.c.key == key

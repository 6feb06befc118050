"""Rows of the second policy keys (product 3.5)."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select

from gateway.records import BackendKey
from gateway.store.device_keys import columns_of, has_key, key_in
from gateway.store.tables_backends import backend_keys
from mdm.device import DeviceKey

_VALUES = tuple(field.name for field in fields(BackendKey) if field.name != "key")


class BackendKeyRows:
    """``device_ports.BackendKeys`` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, key: DeviceKey, backend: str) -> BackendKey | None:
        statement = select(backend_keys).where(
            has_key(backend_keys, key) & (backend_keys.c.backend == backend)
        )
        row = self._connection.execute(statement).mappings().one_or_none()
        return None if row is None else _record(row)

    def of(self, key: DeviceKey) -> Sequence[BackendKey]:
        statement = select(backend_keys).where(has_key(backend_keys, key)).order_by(backend_keys.c.backend)
        return [_record(row) for row in self._connection.execute(statement).mappings()]

    def any(self, organisation: str) -> bool:
        statement = select(backend_keys.c.backend).where(backend_keys.c.organisation == organisation).limit(1)
        return self._connection.scalar(statement) is not None

    def put(self, record: BackendKey) -> None:
        row = has_key(backend_keys, record.key) & (backend_keys.c.backend == record.backend)
        self._connection.execute(delete(backend_keys).where(row))
        self._connection.execute(insert(backend_keys), _row(record))


def _row(record: BackendKey) -> dict[str, Any]:
    return columns_of(record.key) | {name: getattr(record, name) for name in _VALUES}


def _record(row: RowMapping) -> BackendKey:
    return BackendKey(key_in(row), **{name: row[name] for name in _VALUES})

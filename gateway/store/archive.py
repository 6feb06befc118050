"""Rows of archived devices (product 5.7), and which devices are due for the archive."""

from collections.abc import Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, insert, select

from gateway.records import ArchivedDevice
from gateway.store.device_keys import columns_of, key_in
from gateway.store.tables import devices
from gateway.store.tables_wipes import archived_devices as table
from mdm.device import DeviceKey, DeviceState


class ArchiveRows:
    """``ledger_ports.Archive`` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, archived: ArchivedDevice) -> None:
        self._connection.execute(insert(table), _row(archived))

    def of(self, organisation: str, device_id: str) -> Sequence[ArchivedDevice]:
        return self._read(
            select(table).where((table.c.organisation == organisation) & (table.c.device_id == device_id))
        )

    def list(self, organisation: str, *, before: int = 0, limit: int = 100) -> Sequence[ArchivedDevice]:
        statement = select(table).where(table.c.organisation == organisation)
        if before:
            statement = statement.where(table.c.sequence < before)
        return self._read(statement.limit(limit))

    def wiped(self, organisation: str, before: datetime, limit: int) -> Sequence[DeviceKey]:
        obeyed = devices.c.state == DeviceState.WIPE_SUCCEEDED
        return self._keys(organisation, obeyed & (devices.c.wipe_acknowledged_at < before), limit)

    def silent(self, organisation: str, before: datetime, limit: int) -> Sequence[DeviceKey]:
        calm = devices.c.state.in_((DeviceState.PROVISIONING_REQUIRED, DeviceState.PROVISIONING_SUCCEEDED))
        return self._keys(organisation, calm & (devices.c.last_seen < before), limit)

    def _keys(self, organisation: str, wanted: ColumnElement[bool], limit: int) -> Sequence[DeviceKey]:
        columns = (devices.c.organisation, devices.c.user_id, devices.c.device_id)
        statement = select(*columns).where((devices.c.organisation == organisation) & wanted)
        return [
            DeviceKey(*row) for row in self._connection.execute(statement.order_by(*columns).limit(limit))
        ]

    def _read(self, statement: Select[Any]) -> Sequence[ArchivedDevice]:
        rows = self._connection.execute(statement.order_by(table.c.sequence.desc())).mappings()
        return [_archived(row) for row in rows]


def _row(archived: ArchivedDevice) -> dict[str, Any]:
    return {
        **columns_of(archived.key),
        "address": archived.address,
        "cause": archived.cause,
        "archived_at": archived.archived_at,
        "snapshot": dict(archived.snapshot),
        "story": [dict(each) for each in archived.story],
    }


def _archived(row: RowMapping) -> ArchivedDevice:
    return ArchivedDevice(
        key=key_in(row),
        address=row["address"],
        cause=row["cause"],
        archived_at=row["archived_at"],
        snapshot=MappingProxyType(row["snapshot"]),
        story=tuple(MappingProxyType(each) for each in row["story"]),
        sequence=row["sequence"],
    )

"""Rows of the protocol log (product 8): small, and gone after a day."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select

from gateway.records.protocol import Exchange, Traced
from gateway.store.device_keys import columns_of, has_key, key_in
from gateway.store.tables_protocol import protocol_log, traced_devices
from mdm.device import DeviceKey


class ProtocolLogRows:
    """``device_ports.ProtocolLog`` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def switch_on(self, traced: Traced) -> None:
        self.switch_off(traced.key)
        row = {**columns_of(traced.key), "since": traced.since, "until": traced.until}
        self._connection.execute(insert(traced_devices), row | {"ordered_by": traced.ordered_by})

    def switch_off(self, key: DeviceKey) -> bool:
        statement = delete(traced_devices).where(has_key(traced_devices, key))
        return self._connection.execute(statement).rowcount > 0

    def traced(self, key: DeviceKey | None = None) -> Sequence[Traced]:
        statement = select(traced_devices)
        if key is not None:
            statement = statement.where(has_key(traced_devices, key))
        return [
            Traced(key_in(row), row["since"], row["until"], row["ordered_by"])
            for row in self._connection.execute(statement).mappings()
        ]

    def append(self, exchanges: Iterable[Exchange]) -> None:
        rows = [{**columns_of(one.key), "at": one.at, "exchange": dict(one.document)} for one in exchanges]
        if rows:
            self._connection.execute(insert(protocol_log), rows)

    def read(self, key: DeviceKey, after: int = 0, limit: int = 100) -> Sequence[Exchange]:
        statement = (
            select(protocol_log)
            .where(has_key(protocol_log, key), protocol_log.c.sequence > after)
            .order_by(protocol_log.c.sequence)
            .limit(limit)
        )
        return [
            Exchange(key_in(row), row["at"], row["exchange"], row["sequence"])
            for row in self._connection.execute(statement).mappings()
        ]

    def prune(self, before: datetime, most: int) -> int:
        """Remove what is older than ``before``, and of each device all but the newest ``most``."""
        removed = self._connection.execute(delete(protocol_log).where(protocol_log.c.at < before)).rowcount
        columns = [protocol_log.c[name] for name in ("organisation", "user_id", "device_id")]
        full = select(*columns).group_by(*columns).having(func.count() > most)
        for row in self._connection.execute(full).mappings().all():
            removed += self._cut(key_in(row), most)
        return removed

    def _cut(self, key: DeviceKey, most: int) -> int:
        mine = has_key(protocol_log, key)
        newest = select(protocol_log.c.sequence).where(mine).order_by(protocol_log.c.sequence.desc())
        last = self._connection.scalar(newest.offset(most).limit(1))
        gone = delete(protocol_log).where(mine, protocol_log.c.sequence <= last)
        return self._connection.execute(gone).rowcount

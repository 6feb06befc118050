"""Rows of the devices that wait in quarantine (product 6.5)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, delete, func, insert, select, update
from sqlalchemy import tuple_ as row_value

from gateway.records import HeldDevice
from gateway.store.device_keys import bound_key, columns_of, has_bound_key, has_key, key_in
from gateway.store.tables import Instant
from gateway.store.tables_rules import held_devices
from mdm.device import DeviceKey


class HeldRows:
    """``device_ports.Held`` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, key: DeviceKey) -> HeldDevice | None:
        statement = select(held_devices).where(has_key(held_devices, key))
        row = self._connection.execute(statement).mappings().one_or_none()
        return None if row is None else _held(row)

    def put(self, held: HeldDevice) -> None:
        self.remove(held.key)
        self._connection.execute(insert(held_devices), _row(held))

    def remove(self, key: DeviceKey) -> bool:
        return self._connection.execute(delete(held_devices).where(has_key(held_devices, key))).rowcount > 0

    def list(
        self,
        organisation: str,
        *,
        user: str | None = None,
        after: tuple[datetime, str, str] | None = None,
        limit: int = 100,
    ) -> Sequence[HeldDevice]:
        columns = (held_devices.c.since, held_devices.c.user_id, held_devices.c.device_id)
        statement = select(held_devices).where(held_devices.c.organisation == organisation)
        if user is not None:
            statement = statement.where(held_devices.c.user_id == user)
        if after is not None:
            place = (bindparam("since_after", after[0], Instant), after[1], after[2])
            statement = statement.where(row_value(*columns) > row_value(*place))
        rows = self._connection.execute(statement.order_by(*columns).limit(limit)).mappings()
        return [_held(row) for row in rows]

    def count(self, organisation: str) -> int:
        statement = select(func.count()).select_from(held_devices)
        return self._connection.execute(
            statement.where(held_devices.c.organisation == organisation)
        ).scalar_one()

    def counted(self, requests: Iterable[tuple[DeviceKey, int, datetime]]) -> None:
        rows = [{**bound_key(key), "more": more, "at": at} for key, more, at in requests]
        if rows:
            self._connection.execute(_COUNTED, rows)


_COUNTED = (
    update(held_devices)
    .where(has_bound_key(held_devices))
    .values(
        requests=held_devices.c.requests + bindparam("more"),
        last_request=bindparam("at", type_=Instant),
    )
)


def _row(held: HeldDevice) -> dict[str, Any]:
    return {
        **columns_of(held.key),
        "since": held.since,
        "reason": held.reason,
        "rules": list(held.rules),
        "requests": held.requests,
        "last_request": held.last_request,
    }


def _held(row: RowMapping) -> HeldDevice:
    return HeldDevice(
        key_in(row),
        row["since"],
        row["reason"],
        tuple(row["rules"]),
        row["requests"],
        row["last_request"],
    )

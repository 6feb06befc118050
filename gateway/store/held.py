"""Rows of the devices that wait in quarantine (product 6.5)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, delete, func, insert, select, update
from sqlalchemy import tuple_ as row_value

from gateway.records import HeldDevice
from gateway.store.tables import Instant
from gateway.store.tables_rules import held_devices
from mdm.device import DeviceKey


class HeldRows:
    """``device_ports.Held`` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, key: DeviceKey) -> HeldDevice | None:
        row = self._connection.execute(select(held_devices).where(_is(key))).mappings().one_or_none()
        return None if row is None else _held(row)

    def put(self, held: HeldDevice) -> None:
        self.remove(held.key)
        self._connection.execute(insert(held_devices), _row(held))

    def remove(self, key: DeviceKey) -> bool:
        return self._connection.execute(delete(held_devices).where(_is(key))).rowcount > 0

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
        rows = [
            {"o": key.organisation, "u": key.user, "d": key.device_id, "more": more, "at": at}
            for key, more, at in requests
        ]
        if rows:
            self._connection.execute(_COUNTED, rows)


_COUNTED = (
    update(held_devices)
    .where(
        (held_devices.c.organisation == bindparam("o"))
        & (held_devices.c.user_id == bindparam("u"))
        & (held_devices.c.device_id == bindparam("d"))
    )
    .values(
        requests=held_devices.c.requests + bindparam("more"),
        last_request=bindparam("at", type_=Instant),
    )
)


def _is(key: DeviceKey) -> Any:
    return (
        (held_devices.c.organisation == key.organisation)
        & (held_devices.c.user_id == key.user)
        & (held_devices.c.device_id == key.device_id)
    )


def _row(held: HeldDevice) -> dict[str, Any]:
    return {
        "organisation": held.key.organisation,
        "user_id": held.key.user,
        "device_id": held.key.device_id,
        "since": held.since,
        "reason": held.reason,
        "rules": list(held.rules),
        "requests": held.requests,
        "last_request": held.last_request,
    }


def _held(row: RowMapping) -> HeldDevice:
    return HeldDevice(
        DeviceKey(row["organisation"], row["user_id"], row["device_id"]),
        row["since"],
        row["reason"],
        tuple(row["rules"]),
        row["requests"],
        row["last_request"],
    )

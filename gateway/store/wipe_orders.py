"""Rows of wipe orders (product 5.3, 5.5), and what the budgets count of them."""

from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, bindparam, case, distinct, func, insert, select, update
from sqlalchemy import tuple_ as row_value

from gateway.store.device_keys import columns_of, key_in
from gateway.store.tables import Instant, devices
from gateway.store.tables_wipes import wipe_orders as table
from gateway.store.within import everybody
from mdm.device import DeviceKey, WipeKind
from mdm.orders import Progress, WipeOrder

_PLAIN = tuple(field.name for field in fields(WipeOrder) if field.name != "key")


class WipeOrderRows:
    """``ledger_ports.WipeOrders`` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, order: WipeOrder) -> None:
        self._connection.execute(insert(table), _row(order))

    def save(self, order: WipeOrder) -> None:
        self._connection.execute(update(table).where(table.c.id == order.id), _row(order))

    def get(self, order: str) -> WipeOrder | None:
        found = self._read(select(table).where(table.c.id == order))
        return found[0] if found else None

    def of(self, key: DeviceKey, progress: Collection[Progress]) -> WipeOrder | None:
        found = self.list(
            key.organisation, user=key.user, device_id=key.device_id, progress=progress, limit=1
        )
        return found[0] if found else None

    def list(
        self,
        organisation: str | None = None,
        *,
        user: str | None = None,
        device_id: str | None = None,
        job: str | None = None,
        progress: Collection[Progress] = (),
        before: tuple[datetime, str] | None = None,
        limit: int = 100,
    ) -> Sequence[WipeOrder]:
        wanted = {
            table.c.organisation: organisation,
            table.c.user_id: user,
            table.c.device_id: device_id,
            table.c.job: job,
        }
        statement = select(table)
        for column, value in wanted.items():
            if value is not None:
                statement = statement.where(column == value)
        if progress:
            statement = statement.where(table.c.progress.in_(tuple(progress)))
        if before is not None:
            place = (bindparam("requested_before", before[0], Instant), before[1])
            statement = statement.where(row_value(table.c.requested_at, table.c.id) < row_value(*place))
        return self._read(statement.order_by(table.c.requested_at.desc(), table.c.id.desc()).limit(limit))

    def count_by(
        self, organisation: str, names: Collection[str], persons: Collection[str], since: datetime
    ) -> int:
        named = func.lower(table.c.requested_by).in_(sorted(names))
        theirs = named | table.c.requested_person.in_(sorted(persons))
        return self._count(_since(organisation, since).where(theirs), table.c.id)

    def bequeath(self, persons: Collection[str], heir: str, since: datetime) -> None:
        theirs = table.c.requested_person.in_(sorted(persons)) & (table.c.requested_at > since)
        statement = update(table).where(theirs)
        self._connection.execute(everybody(statement.values(requested_person=heir)))

    def count_devices(self, organisation: str, since: datetime) -> int:
        return self._count(_since(organisation, since), table.c.user_id + "/" + table.c.device_id)

    def fleet(self, organisation: str) -> int:
        statement = select(func.count()).select_from(devices).where(devices.c.organisation == organisation)
        return self._connection.execute(everybody(statement)).scalar_one()

    def _count(self, wanted: Select[Any], each: Any) -> int:
        together = (table.c.kind == WipeKind.ACCOUNT) & (table.c.job != "")
        what = case((together, table.c.job), else_=each)
        counting = wanted.with_only_columns(func.count(distinct(what)))
        return self._connection.execute(everybody(counting)).scalar_one()

    def _read(self, statement: Select[Any]) -> Sequence[WipeOrder]:
        return [_order(row) for row in self._connection.execute(statement).mappings()]


def _since(organisation: str, since: datetime) -> Select[Any]:
    # No upper bound: what another node with a fast clock ordered "later" than now counts as well.
    return select(table).where((table.c.organisation == organisation) & (table.c.requested_at > since))


def _row(order: WipeOrder) -> dict[str, Any]:
    return {
        **columns_of(order.key),
        **{name: getattr(order, name) for name in _PLAIN},
    }


def _order(row: RowMapping) -> WipeOrder:
    return WipeOrder(
        key=key_in(row),
        **{name: row[name] for name in _PLAIN},
    )

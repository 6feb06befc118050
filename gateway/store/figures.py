"""What is counted in the database for ``/metrics`` (product 9.4): sums of the whole gateway, no names."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column, Connection, func, select

from gateway.store.tables import devices, organisations
from gateway.store.tables_audit import audit
from gateway.store.tables_events import letters, webhook_deliveries
from gateway.store.tables_rules import held_devices
from gateway.store.tables_wipes import jobs, wipe_orders

_BY_STATE: Mapping[str, Column[Any]] = {
    "devices": devices.c.state,
    "organisations": organisations.c.state,
    "wipe_orders": wipe_orders.c.progress,
    "jobs": jobs.c.state,
    "webhook_deliveries": webhook_deliveries.c.state,
    "letters": letters.c.state,
}


class FigureRows:
    """``ports.Figures`` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def counts(self) -> Mapping[str, Mapping[str, int]]:
        """Rows of each kind by their state; under the empty name what has none."""
        found = {name: self._by_state(column) for name, column in _BY_STATE.items()}
        found["held_devices"] = {"": self._scalar(select(func.count()).select_from(held_devices))}
        found["audit_sequence"] = {"": self._scalar(select(func.max(audit.c.sequence)))}
        return found

    def _by_state(self, state: Column[Any]) -> Mapping[str, int]:
        rows = self._connection.execute(select(state, func.count()).group_by(state))
        return {value.value: count for value, count in rows}

    def _scalar(self, statement: Any) -> int:
        return self._connection.scalar(statement) or 0

"""Rows behind the charts over time (product 7.2); a second look at the same span adds to the first one."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select

from gateway.records.history import DeviceDay, Traffic
from gateway.store.tables import devices
from gateway.store.tables_history import device_history, traffic_history

_TRAFFIC, _DAYS = traffic_history.c, device_history.c


class HistoryRows:
    """``ports.History`` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, traffic: Traffic) -> None:
        same = (
            (_TRAFFIC.span_s == traffic.span_s)
            & (_TRAFFIC.at == traffic.at)
            & (_TRAFFIC.machine == traffic.machine)
        )
        for before in self._taken(same):
            traffic = before.then(traffic)
        self._connection.execute(insert(traffic_history), asdict(traffic))

    def take(self, span_s: int, before: datetime) -> Sequence[Traffic]:
        return self._taken((_TRAFFIC.span_s == span_s) & (_TRAFFIC.at < before))

    def since(self, at: datetime, longest_s: int) -> Sequence[Traffic]:
        return self._traffic((_TRAFFIC.at >= at) & (_TRAFFIC.span_s <= longest_s))

    def count(self, day: datetime) -> None:
        columns = devices.c.organisation, devices.c.state
        rows = self._connection.execute(select(*columns, func.count()).group_by(*columns)).all()
        found: dict[str, dict[str, int]] = {}
        for organisation, state, number in rows:
            found.setdefault(organisation, {})[state.value] = number
        self._connection.execute(delete(device_history).where(_DAYS.day == day))
        if found:
            told = [{"organisation": home, "day": day, "states": states} for home, states in found.items()]
            self._connection.execute(insert(device_history), told)

    def days(self, organisation: str, since: datetime) -> Sequence[DeviceDay]:
        theirs = (_DAYS.organisation == organisation) & (_DAYS.day >= since)
        rows = self._connection.execute(select(device_history).where(theirs).order_by(_DAYS.day)).mappings()
        return [DeviceDay(**row) for row in rows]

    def prune(self, before: datetime) -> int:
        old = delete(traffic_history).where(_TRAFFIC.at < before)
        days = delete(device_history).where(_DAYS.day < before)
        return self._connection.execute(old).rowcount + self._connection.execute(days).rowcount

    def _taken(self, wanted: ColumnElement[bool]) -> Sequence[Traffic]:
        found = self._traffic(wanted)
        if found:
            self._connection.execute(delete(traffic_history).where(wanted))
        return found

    def _traffic(self, wanted: ColumnElement[bool]) -> Sequence[Traffic]:
        statement = select(traffic_history).where(wanted).order_by(_TRAFFIC.at, _TRAFFIC.machine)
        rows: Any = self._connection.execute(statement).mappings()
        return [Traffic(**row) for row in rows]

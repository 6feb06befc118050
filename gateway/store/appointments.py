"""Rows of appointments, of an administrator or of a token (product 7.6)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Table, delete, exists, insert, select

from gateway.records.authority import Appointment, Reach


class AppointmentRows:
    """The appointments in one of the two tables, on one connection."""

    def __init__(self, connection: Connection, table: Table) -> None:
        self._connection = connection
        self._table = table

    def of(self, holders: Collection[str]) -> Mapping[str, tuple[Appointment, ...]]:
        """Id of a holder to its appointments, in the order in which they were given."""
        found: dict[str, tuple[Appointment, ...]] = defaultdict(tuple)
        statement = select(self._table).where(self._table.c.holder.in_(holders)).order_by(self._table.c.id)
        for row in self._connection.execute(statement).mappings():
            found[row["holder"]] += (_appointment(row),)
        return found

    def put(self, holder: str, appointments: Iterable[Appointment]) -> None:
        """Keep these in place of those that there were."""
        self._connection.execute(delete(self._table).where(self._table.c.holder == holder))
        rows = [_row(holder, each) for each in appointments]
        if rows:
            self._connection.execute(insert(self._table), rows)

    def within(self, reach: Reach, holder: ColumnElement[str]) -> ColumnElement[bool]:
        """Whether what a holder has lies in organisations that are reached whole, and is not nothing."""
        theirs = self._table.c.holder == holder
        inside = self._table.c.organisation.in_(sorted(reach.organisations))
        outside = self._table.c.organisation.is_(None) | ~inside
        return exists().where(theirs & inside) & ~exists().where(theirs & outside)


def _row(holder: str, appointment: Appointment) -> dict[str, Any]:
    return {
        "holder": holder,
        "role": appointment.role,
        "organisation": appointment.organisation or None,
        "domain": appointment.domain or None,
        "group_id": appointment.group or None,
        "full_wipe": appointment.full_wipe,
    }


def _appointment(row: RowMapping) -> Appointment:
    return Appointment(
        row["role"], row["organisation"] or "", row["domain"] or "", row["group_id"] or "", row["full_wipe"]
    )

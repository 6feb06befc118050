"""Rows of administrators (product 7.6), as far as whoever asks reaches them.

An administrator is within reach of an organisation when all that the account may do lies within it: an owner
of that organisation may then give it a new password, and must gain nothing elsewhere by it (T25).
"""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, delete, insert, select, update

from gateway.records.administrators import Administrator
from gateway.records.authority import EVERYTHING, Reach
from gateway.store.appointments import AppointmentRows
from gateway.store.tables_administrators import administrators, appointments

_PLAIN = tuple(each.name for each in fields(Administrator) if each.name not in ("appointments", "recovery"))


class AdministratorRows:
    """``administrator_ports.AdministratorRecords`` on one connection."""

    def __init__(self, connection: Connection, reach: Reach = EVERYTHING) -> None:
        self._connection = connection
        self._reach = reach
        self._appointments = AppointmentRows(connection, appointments)

    def add(self, administrator: Administrator) -> None:
        self._connection.execute(insert(administrators), _row(administrator))
        self._appointments.put(administrator.id, administrator.appointments)

    def save(self, administrator: Administrator) -> None:
        statement = update(administrators).where(administrators.c.id == administrator.id)
        self._connection.execute(statement.values(_row(administrator)))
        if self._appointments.of([administrator.id])[administrator.id] != administrator.appointments:
            self._appointments.put(administrator.id, administrator.appointments)

    def remove(self, identity: str) -> None:
        self._connection.execute(delete(administrators).where(administrators.c.id == identity))

    def get(self, id_or_name: str) -> Administrator | None:
        wanted = (administrators.c.id == id_or_name) | (administrators.c.name == id_or_name)
        # A name may look like an id: the id wins.
        statement = self._narrowed().where(wanted).order_by(administrators.c.id != id_or_name).limit(1)
        return next(iter(self._read(statement)), None)

    def list(self, *, after: str = "", limit: int | None = None) -> Sequence[Administrator]:
        statement = self._narrowed().where(administrators.c.name > after)
        return self._read(statement.order_by(administrators.c.name).limit(limit))

    def of_person(self, person: str) -> Sequence[Administrator]:
        statement = select(administrators).where(administrators.c.person == person)
        return self._read(statement.order_by(administrators.c.name))

    def account(self, identity: str) -> Administrator | None:
        return next(iter(self._read(select(administrators).where(administrators.c.id == identity))), None)

    def named(self, name: str) -> Administrator | None:
        return next(iter(self._read(select(administrators).where(administrators.c.name == name))), None)

    def everyone(self) -> Sequence[Administrator]:
        return self._read(select(administrators).order_by(administrators.c.name))

    def owners_of_everything(self) -> Sequence[Administrator]:
        return [each for each in self._read(select(administrators)) if each.owns_everything]

    def _narrowed(self) -> Select[Any]:
        statement = select(administrators)
        if self._reach.everything:
            return statement
        return statement.where(self._appointments.within(self._reach, administrators.c.id))

    def _read(self, statement: Select[Any]) -> Sequence[Administrator]:
        rows = self._connection.execute(statement).mappings().all()
        held = self._appointments.of([row["id"] for row in rows]) if rows else {}
        return [_administrator(row, held) for row in rows]


def _row(administrator: Administrator) -> dict[str, Any]:
    plain = {name: getattr(administrator, name) for name in _PLAIN}
    return plain | {"recovery": list(administrator.recovery)}


def _administrator(row: RowMapping, held: Any) -> Administrator:
    plain = {name: row[name] for name in _PLAIN}
    return Administrator(**plain, recovery=tuple(row["recovery"]), appointments=held[row["id"]])

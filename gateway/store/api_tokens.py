"""Rows of API tokens (product 7.6): whoever reads them gets no token out of it."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, insert, or_, select, update

from gateway.records.administrators import ApiToken
from gateway.records.authority import EVERYTHING, Permission, Reach
from gateway.store.appointments import AppointmentRows
from gateway.store.tables_administrators import api_tokens, appointments, token_appointments

_SPECIAL = ("limits", "appointments", "networks")
_PLAIN = tuple(each.name for each in fields(ApiToken) if each.name not in _SPECIAL)


class ApiTokenRows:
    """``administrator_ports.ApiTokenRecords`` on one connection."""

    def __init__(self, connection: Connection, reach: Reach = EVERYTHING) -> None:
        self._connection = connection
        self._reach = reach
        self._appointments = AppointmentRows(connection, token_appointments)
        self._makers = AppointmentRows(connection, appointments)

    def add(self, token: ApiToken) -> None:
        self._connection.execute(insert(api_tokens), _row(token))
        self._appointments.put(token.id, token.appointments)

    def get(self, identity: str) -> ApiToken | None:
        found = self._read(self._narrowed().where(api_tokens.c.id == identity))
        return found[0] if found else None

    def list(self, *, after: str = "", limit: int | None = None) -> Sequence[ApiToken]:
        statement = self._narrowed().where(api_tokens.c.id > after).order_by(api_tokens.c.id)
        return self._read(statement.limit(limit))

    def of(self, administrator: str) -> Sequence[ApiToken]:
        wanted = select(api_tokens).where(api_tokens.c.administrator == administrator)
        return self._read(wanted.order_by(api_tokens.c.id))

    def by_digest(self, digest: str) -> ApiToken | None:
        found = self._read(select(api_tokens).where(api_tokens.c.digest == digest))
        return found[0] if found else None

    def used(self, identity: str, at: datetime) -> None:
        statement = update(api_tokens).where(api_tokens.c.id == identity)
        unseen = or_(api_tokens.c.last_used_at.is_(None), api_tokens.c.last_used_at < at)
        self._connection.execute(statement.where(unseen).values(last_used_at=at))

    def revoke(self, identity: str) -> None:
        statement = update(api_tokens).where(api_tokens.c.id == identity)
        self._connection.execute(statement.values(revoked=True))

    def _narrowed(self) -> Select[Any]:
        statement = select(api_tokens)
        if self._reach.everything:
            return statement
        return statement.where(self._makers.within(self._reach, api_tokens.c.administrator))

    def _read(self, statement: Select[Any]) -> Sequence[ApiToken]:
        rows = self._connection.execute(statement).mappings().all()
        held = self._appointments.of([row["id"] for row in rows]) if rows else {}
        return [_token(row, held) for row in rows]


def _row(token: ApiToken) -> dict[str, Any]:
    limits = None if token.limits is None else sorted(each.value for each in token.limits)
    plain = {name: getattr(token, name) for name in _PLAIN}
    return plain | {"limits": limits, "networks": list(token.networks)}


def _token(row: RowMapping, held: Any) -> ApiToken:
    limits = row["limits"]
    return ApiToken(
        **{name: row[name] for name in _PLAIN},
        limits=None if limits is None else frozenset(_known(limits)),
        appointments=held[row["id"]],
        networks=tuple(row["networks"]),
    )


def _known(limits: Sequence[str]) -> Sequence[Permission]:
    """A permission that this release does not know gives nothing."""
    return [each for each in Permission if each.value in limits]

"""Rows of app passwords (product 7.8): whoever reads them gets no password out of it."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, delete, insert, or_, select, update

from gateway.records.app_passwords import AppPassword
from gateway.store.tables_self_service import app_passwords

TO_THE_MINUTE = timedelta(minutes=1)


class AppPasswordRows:
    """``self_service_ports.AppPasswordRecords`` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, made: AppPassword) -> None:
        self._connection.execute(insert(app_passwords), _row(made))

    def of(self, user: str) -> Sequence[AppPassword]:
        statement = select(app_passwords).where(app_passwords.c.user_id == user)
        ordered = statement.order_by(app_passwords.c.created_at, app_passwords.c.id)
        return [_made(row) for row in self._connection.execute(ordered).mappings()]

    def find(self, user: str, digest: str) -> AppPassword | None:
        theirs = (app_passwords.c.user_id == user) & (app_passwords.c.digest == digest)
        return self._one(select(app_passwords).where(theirs))

    def bind(self, identity: str, device_id: str) -> AppPassword | None:
        # One statement: of two devices that come together, one finds the place still empty.
        free = (app_passwords.c.id == identity) & (app_passwords.c.device_id == "")
        self._connection.execute(update(app_passwords).where(free).values(device_id=device_id))
        return self._one(select(app_passwords).where(app_passwords.c.id == identity))

    def used(self, identity: str, at: datetime) -> None:
        unseen = or_(
            app_passwords.c.last_used_at.is_(None), app_passwords.c.last_used_at < at - TO_THE_MINUTE
        )
        statement = update(app_passwords).where(app_passwords.c.id == identity, unseen)
        self._connection.execute(statement.values(last_used_at=at))

    def alive(self, identities: Collection[str], now: datetime) -> frozenset[str]:
        young = or_(app_passwords.c.expires_at.is_(None), app_passwords.c.expires_at > now)
        statement = select(app_passwords.c.id).where(app_passwords.c.id.in_(sorted(identities)), young)
        return frozenset(self._connection.execute(statement).scalars())

    def remove(self, user: str, identity: str) -> bool:
        theirs = (app_passwords.c.user_id == user) & (app_passwords.c.id == identity)
        return self._connection.execute(delete(app_passwords).where(theirs)).rowcount > 0

    def remove_all(self, user: str) -> int:
        return self._connection.execute(delete(app_passwords).where(app_passwords.c.user_id == user)).rowcount

    def _one(self, statement: Select[Any]) -> AppPassword | None:
        row = self._connection.execute(statement).mappings().one_or_none()
        return None if row is None else _made(row)


def _row(made: AppPassword) -> dict[str, Any]:
    return {
        "id": made.id,
        "organisation": made.organisation,
        "user_id": made.user,
        "label": made.label,
        "digest": made.digest,
        "created_at": made.created_at,
        "expires_at": made.expires_at,
        "device_id": made.device_id,
        "last_used_at": made.last_used_at,
    }


def _made(row: RowMapping) -> AppPassword:
    values = dict(row)
    return AppPassword(user=values.pop("user_id"), **values)

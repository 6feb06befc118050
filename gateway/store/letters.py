"""Rows of subscriptions to notices and of mails on their way (product 7.9)."""

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, delete, func, insert, or_, select
from sqlalchemy import update as change

from gateway.records.authority import Reach
from gateway.records.events import Letter, NoticeKind, Progress, Subscription
from gateway.store.tables_events import letters, notice_subscriptions
from gateway.store.webhooks import within

_LETTER = tuple(field.name for field in fields(Letter) if field.name not in ("id", "organisation"))


class SubscriptionRows:
    """``event_ports.Subscriptions`` on one connection, with what is within reach."""

    def __init__(self, connection: Connection, reach: Reach) -> None:
        self._connection = connection
        self._reach = reach

    def all(self) -> Sequence[Subscription]:
        return self._read(within(self._reach, notice_subscriptions.c.organisation))

    def of(self, organisation: str) -> Sequence[Subscription]:
        return self._read(self._here(organisation))

    def put(self, subscription: Subscription) -> None:
        self.remove(subscription.organisation, subscription.address)
        row = {
            "organisation": subscription.organisation or None,
            "address": subscription.address,
            "kinds": [kind.value for kind in subscription.kinds],
        }
        self._connection.execute(insert(notice_subscriptions), row)

    def remove(self, organisation: str, address: str) -> bool:
        here = self._here(organisation) & (notice_subscriptions.c.address == address)
        return self._connection.execute(delete(notice_subscriptions).where(here)).rowcount > 0

    def _here(self, organisation: str) -> ColumnElement[bool]:
        mine = notice_subscriptions.c.organisation == (organisation or None)
        return mine & within(self._reach, notice_subscriptions.c.organisation)

    def _read(self, condition: ColumnElement[bool]) -> Sequence[Subscription]:
        statement = select(notice_subscriptions).where(condition).order_by(notice_subscriptions.c.address)
        return [_subscription(row) for row in self._connection.execute(statement).mappings()]


class LetterRows:
    """``event_ports.Letters`` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, letter: Letter) -> Letter:
        done = self._connection.execute(insert(letters).returning(letters.c.id), _row(letter))
        return replace(letter, id=done.scalar_one())

    def save(self, letter: Letter) -> None:
        self._connection.execute(change(letters).where(letters.c.id == letter.id), _row(letter))

    def due(self, now: datetime, limit: int) -> Sequence[Letter]:
        free = or_(letters.c.claimed_until.is_(None), letters.c.claimed_until <= now)
        wanted = (letters.c.state == Progress.PENDING) & (letters.c.next_at <= now) & free
        return self._read(wanted, limit)

    def counted(self, address: str, since: datetime) -> int:
        statement = select(func.count()).select_from(letters)
        sent = (
            (letters.c.address == address)
            & (letters.c.created_at > since)
            & (letters.c.state != Progress.HELD)
        )
        return self._connection.scalar(statement.where(sent)) or 0

    def held_addresses(self) -> Sequence[str]:
        held = (letters.c.state == Progress.HELD) & (letters.c.summary == 0)
        return list(self._connection.scalars(select(letters.c.address).where(held).distinct()))

    def summarise(self, address: str, summary: int) -> None:
        held = (letters.c.state == Progress.HELD) & (letters.c.summary == 0) & (letters.c.address == address)
        self._connection.execute(change(letters).where(held), {"summary": summary})

    def told_in(self, summary: int, limit: int) -> Sequence[Letter]:
        return self._read(letters.c.summary == summary, limit)

    def pending(self) -> bool:
        found = self._connection.execute(
            select(letters.c.id).where(letters.c.state == Progress.PENDING).limit(1)
        )
        return found.first() is not None

    def recent(self, organisation: str, limit: int) -> Sequence[Letter]:
        here = letters.c.organisation == (organisation or None)
        statement = select(letters).where(here).order_by(letters.c.id.desc()).limit(limit)
        return [_letter(row) for row in self._connection.execute(statement).mappings()]

    def prune(self, before: datetime) -> int:
        over = (letters.c.state != Progress.PENDING) & (letters.c.created_at < before)
        return self._connection.execute(delete(letters).where(over)).rowcount

    def _read(self, condition: ColumnElement[bool], limit: int) -> Sequence[Letter]:
        statement = select(letters).where(condition).order_by(letters.c.id).limit(limit)
        return [_letter(row) for row in self._connection.execute(statement).mappings()]


def _subscription(row: RowMapping) -> Subscription:
    known = {kind.value for kind in NoticeKind}
    kinds = tuple(NoticeKind(each) for each in row["kinds"] if each in known)
    return Subscription(row["organisation"] or "", row["address"], kinds)


def _row(letter: Letter) -> dict[str, Any]:
    plain = {name: getattr(letter, name) for name in _LETTER}
    return plain | {"organisation": letter.organisation or None}


def _letter(row: RowMapping) -> Letter:
    plain = {name: row[name] for name in _LETTER}
    return Letter(organisation=row["organisation"] or "", id=row["id"], **plain)

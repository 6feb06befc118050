"""Rows of webhooks and of what is on its way to them (product 7.9)."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, delete, func, insert, not_, or_, select
from sqlalchemy import false as nothing
from sqlalchemy import true as everything
from sqlalchemy import update as change

from gateway.records import AuditTag
from gateway.records.authority import Reach
from gateway.records.events import Delivery, Progress, Webhook
from gateway.store.tables_audit import audit
from gateway.store.tables_events import event_places, webhook_deliveries, webhooks

_WEBHOOK = tuple(field.name for field in fields(Webhook) if field.name not in ("organisation", "types"))
_DELIVERY = tuple(field.name for field in fields(Delivery) if field.name != "id")


class WebhookRows:
    """``event_ports.Webhooks`` on one connection, with what is within reach."""

    def __init__(self, connection: Connection, reach: Reach) -> None:
        self._connection = connection
        self._reach = reach

    def add(self, webhook: Webhook) -> None:
        self._connection.execute(insert(webhooks), _webhook_row(webhook))

    def save(self, webhook: Webhook) -> None:
        statement = change(webhooks).where(webhooks.c.id == webhook.id, self._within())
        self._connection.execute(statement, _webhook_row(webhook))

    def remove(self, webhook: str) -> None:
        self._connection.execute(delete(webhooks).where(webhooks.c.id == webhook, self._within()))

    def get(self, webhook: str) -> Webhook | None:
        found = self._read(webhooks.c.id == webhook)
        return found[0] if found else None

    def of(self, organisation: str) -> Sequence[Webhook]:
        return self._read(webhooks.c.organisation == (organisation or None))

    def enabled(self) -> Sequence[Webhook]:
        return self._read(webhooks.c.enabled)

    def _read(self, condition: ColumnElement[bool]) -> Sequence[Webhook]:
        statement = select(webhooks).where(condition, self._within())
        rows = self._connection.execute(statement.order_by(webhooks.c.created_at, webhooks.c.id)).mappings()
        return [_webhook(row) for row in rows]

    def _within(self) -> ColumnElement[bool]:
        return within(self._reach, webhooks.c.organisation)


class DeliveryRows:
    """``event_ports.Deliveries`` on one connection; whose webhook is out of reach is asked for by nobody."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add_all(self, found: Iterable[Delivery]) -> None:
        rows = [_delivery_row(each) for each in found]
        if rows:
            self._connection.execute(insert(webhook_deliveries), rows)

    def save(self, delivery: Delivery) -> None:
        statement = change(webhook_deliveries).where(webhook_deliveries.c.id == delivery.id)
        self._connection.execute(statement, _delivery_row(delivery))

    def get(self, webhook: str, event: int) -> Delivery | None:
        found = self._read(_of(webhook) & (webhook_deliveries.c.event == event), limit=1)
        return found[0] if found else None

    def list(
        self, webhook: str, *, states: Collection[Progress] = (), before: int = 0, limit: int = 100
    ) -> Sequence[Delivery]:
        wanted = [_of(webhook)]
        if states:
            wanted.append(webhook_deliveries.c.state.in_(states))
        if before:
            wanted.append(webhook_deliveries.c.event < before)
        return self._read(and_(*wanted), limit=limit, newest=True)

    def waiting(self) -> Sequence[str]:
        statement = select(webhook_deliveries.c.webhook).where(
            webhook_deliveries.c.state == Progress.PENDING,
            webhook_deliveries.c.webhook.in_(select(webhooks.c.id).where(webhooks.c.enabled)),
        )
        return list(self._connection.scalars(statement.distinct()))

    def count(self, webhook: str, state: Progress) -> int:
        statement = select(func.count()).select_from(webhook_deliveries)
        found = self._connection.scalar(statement.where(_of(webhook), webhook_deliveries.c.state == state))
        return found or 0

    def due(self, webhook: str, now: datetime, limit: int) -> Sequence[Delivery]:
        table, earlier = webhook_deliveries, webhook_deliveries.alias("earlier")
        blocked = select(earlier.c.id).where(
            earlier.c.webhook == table.c.webhook,
            earlier.c.state == Progress.PENDING,
            earlier.c.lane == table.c.lane,
            earlier.c.event < table.c.event,
        )
        free = or_(table.c.claimed_until.is_(None), table.c.claimed_until <= now)
        wanted = (_of(webhook), table.c.state == Progress.PENDING, table.c.next_at <= now, free)
        return self._read(and_(*wanted, not_(blocked.exists())), limit=limit)

    def revive(self, webhook: str, now: datetime) -> int:
        dead = _of(webhook) & (webhook_deliveries.c.state == Progress.DEAD)
        again = {"state": Progress.PENDING, "attempts": 0, "created_at": now, "next_at": now}
        return self._connection.execute(change(webhook_deliveries).where(dead), again).rowcount

    def forget(self, webhook: str, after: int) -> None:
        statement = delete(webhook_deliveries).where(_of(webhook), webhook_deliveries.c.event > after)
        self._connection.execute(statement)

    def prune(self, state: Progress, before: datetime) -> int:
        old = (webhook_deliveries.c.state == state) & (webhook_deliveries.c.ended_at < before)
        return self._connection.execute(delete(webhook_deliveries).where(old)).rowcount

    def _read(
        self, condition: ColumnElement[bool], *, limit: int, newest: bool = False
    ) -> Sequence[Delivery]:
        order = webhook_deliveries.c.event.desc() if newest else webhook_deliveries.c.event
        statement = select(webhook_deliveries).where(condition).order_by(order).limit(limit)
        return [_delivery(row) for row in self._connection.execute(statement).mappings()]


class PlaceRows:
    """``event_ports.Places`` on one connection: where the trail ends, and how far its readers have come."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def present(self) -> int:
        return self._connection.scalar(select(func.max(audit.c.sequence))) or 0

    def last_told(self, tag: AuditTag, target: str) -> int:
        statement = select(func.max(audit.c.sequence)).where(audit.c.target == target, audit.c.tag == tag)
        return self._connection.scalar(statement) or 0

    def get(self, reader: str) -> int | None:
        return self._connection.scalar(select(event_places.c.cursor).where(event_places.c.reader == reader))

    def put(self, reader: str, cursor: int) -> None:
        self._connection.execute(delete(event_places).where(event_places.c.reader == reader))
        self._connection.execute(insert(event_places), {"reader": reader, "cursor": cursor})


def within(reach: Reach, organisation: ColumnElement[str | None]) -> ColumnElement[bool]:
    """What belongs to an organisation that is reached whole; a part of one reaches none of it."""
    if reach.everything:
        return everything()
    return organisation.in_(sorted(reach.organisations)) if reach.organisations else nothing()


def _of(webhook: str) -> ColumnElement[bool]:
    return webhook_deliveries.c.webhook == webhook


def _webhook_row(webhook: Webhook) -> dict[str, Any]:
    plain = {name: getattr(webhook, name) for name in _WEBHOOK}
    return plain | {
        "organisation": webhook.organisation or None,
        "types": [tag.value for tag in webhook.types],
    }


def _webhook(row: RowMapping) -> Webhook:
    plain = {name: row[name] for name in _WEBHOOK}
    known = {tag.value for tag in AuditTag}
    types = tuple(AuditTag(each) for each in row["types"] if each in known)
    return Webhook(organisation=row["organisation"] or "", types=types, **plain)


def _delivery_row(delivery: Delivery) -> dict[str, Any]:
    return {name: getattr(delivery, name) for name in _DELIVERY}


def _delivery(row: RowMapping) -> Delivery:
    return replace(Delivery(**{name: row[name] for name in _DELIVERY}), id=row["id"])

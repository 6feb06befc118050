"""The audit trail's rows (product 8): appended and read, never changed."""

from collections.abc import Iterable, Sequence
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select

from gateway.records import Actor, AuditRecord, AuditTag
from gateway.store.tables import audit


class AuditRows:
    """``ports.AuditTrail`` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def append(self, record: AuditRecord) -> None:
        self._connection.execute(insert(audit), _row(record))

    def append_all(self, records: Iterable[AuditRecord]) -> None:
        rows = [_row(record) for record in records]
        if rows:
            self._connection.execute(insert(audit), rows)

    def query(
        self,
        *,
        organisation: str | None = None,
        target: str | None = None,
        tag: AuditTag | None = None,
        after: int = 0,
        limit: int = 100,
    ) -> Sequence[AuditRecord]:
        statement = select(audit).where(audit.c.sequence > after).order_by(audit.c.sequence).limit(limit)
        if organisation is not None:
            statement = statement.where(audit.c.organisation == organisation)
        if target is not None:
            statement = statement.where(audit.c.target == target)
        if tag is not None:
            statement = statement.where(audit.c.tag == tag)
        return [_record(row) for row in self._connection.execute(statement).mappings()]


def _row(record: AuditRecord) -> dict[str, Any]:
    return {
        "tag": record.tag,
        "at": record.at,
        "actor_kind": record.actor.kind,
        "actor_name": record.actor.name,
        "actor_address": record.actor.address,
        "actor_user_agent": record.actor.user_agent,
        "request_id": record.actor.request_id,
        "organisation": record.organisation,
        "target": record.target,
        "before": dict(record.before),
        "after": dict(record.after),
        "reason": record.reason,
        "outcome": record.outcome,
    }


def _record(row: RowMapping) -> AuditRecord:
    actor = Actor(
        row["actor_kind"], row["actor_name"], row["actor_address"], row["actor_user_agent"], row["request_id"]
    )
    return AuditRecord(
        tag=row["tag"],
        at=row["at"],
        actor=actor,
        organisation=row["organisation"],
        target=row["target"],
        before=MappingProxyType(row["before"]),
        after=MappingProxyType(row["after"]),
        reason=row["reason"],
        outcome=row["outcome"],
        sequence=row["sequence"],
    )

"""The audit trail's rows (product 8): appended and read, never changed.

Writers of one database never overlap (``engine``), so the next number is the last one plus one and the chain
has no gap: a sequence of the database's own would leave one behind each transaction that was undone.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    and_,
    func,
    insert,
    literal_column,
    or_,
    select,
    text,
)

from gateway.errors import GatewayError, Kind
from gateway.records import DONE, Actor, AuditQuestion, AuditRecord, AuditTag
from gateway.records.chain import COLUMNS, DOCUMENTS, canonical, link, moment
from gateway.store.audit_chain import last_link
from gateway.store.changes import CHANNEL
from gateway.store.tables_audit import audit
from gateway.store.within import everybody

UNSTORABLE = "A record holds what cannot be stored: half a character, or a number that is none."

_DONE: ColumnElement[str] = literal_column(f"'{DONE}'")
"""No parameter: an index of what was refused is taken only where the statement itself asks for that."""

_ORGANISATION_UNINDEXED: ColumnElement[str] = literal_column("+audit.organisation")
"""SQLite takes the organisation's index for its order whatever else is asked, and goes over all of it."""


class AuditRows:
    """``audit_ports.AuditTrail`` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._last: tuple[int, str] | None = None

    def append(self, record: AuditRecord) -> None:
        self.append_all((record,))

    def append_all(self, records: Iterable[AuditRecord]) -> None:
        first = self._last is None
        last = self._last or last_link(self._connection)
        rows = []
        for record in records:
            row = _chained(record, *last)
            last = row["sequence"], row["hash"]
            rows.append(row)
        if rows:
            self._connection.execute(everybody(insert(audit)), rows)
            self._last = last
            self._wake(first)

    def query(
        self,
        *,
        organisation: str | None = None,
        target: str | None = None,
        tag: AuditTag | None = None,
        after: int = 0,
        limit: int = 100,
    ) -> Sequence[AuditRecord]:
        return self.find(AuditQuestion(organisation, target, tag=tag, after=after), limit)

    def count(self, tag: AuditTag, target: str, outcome: str, since: datetime) -> int:
        about = (audit.c.target == target) & (audit.c.tag == tag) & (audit.c.outcome == outcome)
        statement = select(func.count()).select_from(audit).where(about & (audit.c.at > since))
        return self._connection.scalar(statement) or 0

    def find(self, question: AuditQuestion, limit: int = 100) -> Sequence[AuditRecord]:
        order = audit.c.sequence.desc() if question.newest_first else audit.c.sequence
        conditions = _conditions(question, self._connection.dialect.name)
        statement = select(audit).where(*conditions).order_by(order).limit(limit)
        return [_record(row) for row in self._connection.execute(statement).mappings()]

    def _wake(self, first: bool) -> None:
        """Tell the readers of events, once in a transaction; SQLite tells by itself."""
        if first and self._connection.dialect.name == "postgresql":
            self._connection.execute(everybody(text(f"SELECT pg_notify('{CHANNEL}', '')")))


def _conditions(question: AuditQuestion, dialect: str) -> list[ColumnElement[bool]]:
    finer = (question.target, question.user, question.tag, question.actor, question.refused)
    coarse = dialect == "sqlite" and any(each is not None for each in finer)
    equal = {
        _ORGANISATION_UNINDEXED if coarse else audit.c.organisation: question.organisation,
        audit.c.target: question.target,
        audit.c.tag: question.tag,
        audit.c.actor_name: question.actor,
    }
    found = [column == value for column, value in equal.items() if value is not None]
    if question.user is not None:
        found.append(_about(question.user, dialect))
    if question.since is not None:
        found.append(audit.c.at >= question.since)
    if question.until is not None:
        found.append(audit.c.at < question.until)
    if question.refused is not None:
        found.append(audit.c.outcome != _DONE if question.refused else audit.c.outcome == _DONE)
    return found + _between(question)


def _between(question: AuditQuestion) -> list[ColumnElement[bool]]:
    found = []
    if question.after:
        found.append(audit.c.sequence > question.after)
    if question.before:
        found.append(audit.c.sequence < question.before)
    return found


def _about(user: str, dialect: str) -> ColumnElement[bool]:
    """The user and each device, in the words for which the database takes its index: SQLite has none for
    LIKE, and what PostgreSQL takes for a range depends on its collation."""
    if dialect == "sqlite":
        devices = and_(audit.c.target > f"{user}/", audit.c.target < f"{user}0")
    else:
        devices = audit.c.target.startswith(f"{user}/", autoescape=True)
    return or_(audit.c.target == user, devices)


def _chained(record: AuditRecord, last: int, previous: str) -> dict[str, Any]:
    """The row that follows the record number ``last`` with the hash ``previous``."""
    row = {**_row(record), "sequence": last + 1}
    try:
        told = {name: canonical(row[name]) for name in DOCUMENTS}
        plain = {**row, **told, "tag": record.tag.value, "at": moment(record.at)}
        hashed = link(tuple(plain[name] for name in COLUMNS), previous)
    except ValueError as error:
        raise GatewayError(Kind.MALFORMED, UNSTORABLE) from error
    return {**row, "previous": previous, "hash": hashed}


def _row(record: AuditRecord) -> dict[str, Any]:
    return {
        "tag": record.tag,
        "at": record.at,
        "actor_kind": record.actor.kind,
        "actor_name": record.actor.name,
        "actor_address": record.actor.address,
        "actor_user_agent": record.actor.user_agent,
        "actor_person": record.actor.person,
        "actor_credential": record.actor.credential,
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
        row["actor_kind"],
        row["actor_name"],
        row["actor_address"],
        row["actor_user_agent"],
        row["request_id"],
        row["actor_person"],
        row["actor_credential"],
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
        previous=row["previous"],
        hash=row["hash"],
    )

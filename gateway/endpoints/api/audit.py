"""``/audit`` of the REST API: who did what (product 8)."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel

from gateway.endpoints.api.calls import Page, Plain, Query, With, needs
from gateway.endpoints.api.cursors import read_number, write_cursor
from gateway.records import Actor, AuditRecord, AuditTag
from gateway.records.authority import Permission

router = APIRouter(prefix="/audit", tags=["audit"])

Reader = Annotated[Actor, needs(Permission.AUDIT_READ)]


class AuditFilter(Page):
    """Which records; ``organisation`` is an alias or an id, and the id finds a removed one as well."""

    organisation: Plain | None = None
    target: Plain | None = None
    tag: AuditTag | None = None


class ActorView(BaseModel):
    """Who did it, and from where."""

    kind: str
    name: str
    address: str
    user_agent: str
    request_id: str


class RecordView(BaseModel):
    """One line of the trail."""

    sequence: int
    at: datetime
    tag: AuditTag
    actor: ActorView
    organisation: str
    target: str
    before: dict[str, Any]
    after: dict[str, Any]
    reason: str
    outcome: str


class RecordList(BaseModel):
    """A page of the trail, oldest first."""

    items: list[RecordView]
    next: str | None


def view(record: AuditRecord) -> RecordView:
    """A record as the API and ``usher audit --json`` show it."""
    return RecordView(
        sequence=record.sequence,
        at=record.at,
        tag=record.tag,
        actor=ActorView.model_validate(record.actor, from_attributes=True),
        organisation=record.organisation,
        target=record.target,
        before=dict(record.before),
        after=dict(record.after),
        reason=record.reason,
        outcome=record.outcome,
    )


@router.get("")
def list_records(query: Query[AuditFilter], use: With, _actor: Reader) -> RecordList:
    """The audit trail in its order."""
    organisation = use.finder.trail(query.organisation) if query.organisation is not None else None
    found = use.audit.query(
        organisation=organisation,
        target=query.target,
        tag=query.tag,
        after=read_number(query.cursor),
        limit=query.limit,
    )
    full = len(found) == query.limit
    return RecordList(
        items=[view(each) for each in found], next=write_cursor(found[-1].sequence) if full else None
    )

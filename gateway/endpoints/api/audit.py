"""``/audit`` of the REST API: who did what, whether the trail can be believed, and all of it for elsewhere
(product 8).

Verifying is a POST although it changes nothing: it takes a CPU for up to a minute, which nothing that fetches
links ahead or asks again by itself may set off.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from gateway.endpoints.api.calls import PAGE_LIMIT, Filter, Page, Plain, Query, UseCases, With, needs
from gateway.endpoints.api.cursors import read_number, write_cursor
from gateway.endpoints.api.moments import aware
from gateway.errors import malformed
from gateway.records import Actor, AuditQuestion, AuditRecord, AuditTag, Seal
from gateway.records.authority import Permission
from gateway.services.audit_export import line
from gateway.services.audit_findings import Fault
from gateway.services.audit_verifying import Report

router = APIRouter(prefix="/audit", tags=["audit"])

Reader = Annotated[Actor, needs(Permission.AUDIT_READ)]
Examiner = Annotated[Actor, needs(Permission.AUDIT_READ, everywhere=True)]
NDJSON = "application/x-ndjson"
NEEDS_USER = "A device is named by its user and its DeviceId."


class AuditChoice(Filter):
    """Which records; ``organisation`` is an alias or an id, ``user`` an id or an address; the id finds what
    was removed as well. A device is named by ``user`` and ``device_id``."""

    organisation: Plain | None = None
    target: Plain | None = None
    user: Plain | None = None
    device_id: Plain | None = None
    tag: AuditTag | None = None
    actor: Plain | None = None
    since: datetime | None = None
    until: datetime | None = None
    outcome: Literal["done", "refused"] | None = None
    after: Annotated[int, Field(ge=0, lt=2**63)] = 0


class AuditFilter(AuditChoice, Page):
    """A page of them."""

    newest_first: bool = False


class ActorView(BaseModel):
    """Who did it, and from where."""

    kind: str
    name: str
    address: str
    user_agent: str
    request_id: str
    person: str
    credential: str


class RecordView(BaseModel):
    """One line of the trail; ``hash`` is over ``previous`` and everything else (docs/audit.md)."""

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
    previous: str
    hash: str


class RecordList(BaseModel):
    """A page of the trail, oldest first where nothing else was asked for."""

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
        previous=record.previous,
        hash=record.hash,
    )


class SealView(BaseModel):
    """What was signed of the trail."""

    sequence: int
    hash: str
    at: datetime
    count: int
    key: str
    signature: str


class FindingView(BaseModel):
    """One thing that is wrong with the trail; ``place``: where moved records stand."""

    fault: Fault
    first: int
    last: int
    place: int
    words: str


class ReportView(BaseModel):
    """What a verification found."""

    sound: bool
    at: datetime
    count: int
    first: int
    last: int
    archived: int
    checkpoint: SealView | None
    findings: list[FindingView]


class KeyView(BaseModel):
    """The public key with which checkpoints and archives are verified, in PEM."""

    name: str
    public: str


@router.get("")
def list_records(query: Query[AuditFilter], use: With, _actor: Reader) -> RecordList:
    """The audit trail in its order."""
    number = read_number(query.cursor)
    asked = question(use, query)
    if query.newest_first:
        asked = replace(asked, newest_first=True, before=number)
    else:
        asked = replace(asked, after=max(number, query.after))
    found = use.audit.find(asked, query.limit)
    full = len(found) == query.limit
    return RecordList(
        items=[view(each) for each in found], next=write_cursor(found[-1].sequence) if full else None
    )


@router.get("/export", response_class=StreamingResponse, responses={200: {"content": {NDJSON: {}}}})
def export(query: Query[AuditChoice], use: With, actor: Reader) -> StreamingResponse:
    """Records as lines of JSON in the field layout of CloudTrail; the export stands in the trail itself."""
    return StreamingResponse(_lines(use.audit.export(actor, question(use, query))), media_type=NDJSON)


@router.post("/verify")
def verify(use: With, _actor: Examiner) -> ReportView:
    """Go over the whole trail: what was edited, removed, inserted, moved or rewritten."""
    return report_view(use.audit_verifier.verify())


@router.get("/key")
def show_key(use: With, _actor: Reader) -> KeyView:
    """The public key of the gateway's checkpoints."""
    signer = use.audit_verifier.signer()
    return KeyView(name=signer.name, public=signer.public.decode("ascii"))


def question(use: UseCases, query: AuditChoice) -> AuditQuestion:
    """What is asked of the trail; GatewayError MALFORMED for a device without its user."""
    user, device = query.user, query.device_id
    if device is not None and user is None:
        raise malformed("device_id", NEEDS_USER)
    owner = use.finder.trail_of_user(user) if user is not None else None
    return AuditQuestion(
        organisation=use.finder.trail(query.organisation) if query.organisation is not None else None,
        target=f"{owner}/{device.upper()}" if device is not None else query.target,
        user=owner if device is None else None,
        tag=query.tag,
        actor=query.actor,
        since=aware(query.since, "since"),
        until=aware(query.until),
        refused=None if query.outcome is None else query.outcome == "refused",
        after=query.after,
    )


def report_view(report: Report) -> ReportView:
    """A report as the API and ``usher audit verify --json`` show it."""
    return ReportView(
        sound=report.sound,
        at=report.at,
        count=report.count,
        first=report.first,
        last=report.last,
        archived=report.archived,
        checkpoint=seal_view(report.checkpoint) if report.checkpoint else None,
        findings=[FindingView.model_validate(each, from_attributes=True) for each in report.findings],
    )


def seal_view(seal: Seal) -> SealView:
    """A checkpoint or the end of an archive."""
    return SealView.model_validate(seal, from_attributes=True)


def _lines(records: Iterator[AuditRecord]) -> Iterator[str]:
    """Many at once: each piece of an answer is fetched by a thread."""
    while some := list(islice(records, PAGE_LIMIT)):
        yield "".join(f"{line(record)}\n" for record in some)

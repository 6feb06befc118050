"""``/organisations/{organisation}/domains/{domain}/records`` and ``verify`` (product 2.5, 7.3).

To verify takes as long as strangers take to answer, at most some tens of seconds; the answer is what is kept.
An organisation has one look at once.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any

from anyio.to_thread import run_sync
from fastapi import APIRouter
from pydantic import BaseModel

from autodiscover.zone import document, zone_file
from certs.errors import CertificateError
from gateway.endpoints.api.calls import With, needs
from gateway.errors import GatewayError, Kind
from gateway.records import Actor
from gateway.records.authority import Permission
from gateway.services.domain_records import Check, Plan

router = APIRouter(prefix="/organisations/{organisation}/domains/{domain}", tags=["domains"])

Reader = Annotated[Actor, needs(Permission.ORGANISATION_READ)]
Writer = Annotated[Actor, needs(Permission.ORGANISATION_WRITE)]


class RecordView(BaseModel):
    """A record to publish; without values any will do, and ``note`` says what it is."""

    purpose: str
    need: str
    name: str
    type: str
    ttl: int
    values: list[str]
    note: str


class StepView(BaseModel):
    """One request of a phase, with what came back and what to mend."""

    url: str
    passed: bool
    observed: str
    mend: str


class PhaseView(BaseModel):
    """Phase 2 (HTTPS) or 3 (the redirect of port 80) as performed."""

    number: int
    passed: bool
    steps: list[StepView]


class VerdictView(BaseModel):
    """A record as it was found; ``check_mark`` is AutoDiscover's alone."""

    purpose: str
    need: str
    name: str
    type: str
    expected: list[str]
    status: str
    check_mark: bool
    observed: str
    mend: str
    phases: list[PhaseView]


class CheckView(BaseModel):
    """The last look at a domain; verified when every required record was."""

    domain: str
    checked_at: datetime
    verified: bool
    records: list[VerdictView]


class RecordsView(BaseModel):
    """What a domain publishes, the same as lines of a zone file, and the last look at it."""

    domain: str
    records: list[RecordView]
    zone: str
    check: CheckView | None


def view(plan: Plan, check: Check | None) -> RecordsView:
    listed = [RecordView.model_validate(document(each)) for each in plan.records]
    return RecordsView(
        domain=plan.domain,
        records=listed,
        zone=zone_file(plan.records),
        check=check_view(check) if check else None,
    )


def check_view(check: Check) -> CheckView:
    records: list[Any] = [VerdictView.model_validate(dict(each)) for each in check.records]
    return CheckView(domain=check.domain, checked_at=check.at, verified=check.verified, records=records)


@router.get("/records")
def domain_records(organisation: str, domain: str, use: With, _actor: Reader) -> RecordsView:
    """What the domain publishes, and what the last check found."""
    plan = use.domain_records.plan(domain, organisation)
    return view(plan, use.domain_records.last(domain, organisation))


@router.post("/verify")
async def verify_domain(organisation: str, domain: str, use: With, _actor: Writer) -> CheckView:
    """Look at the domain's records and at both phases of AutoDiscover now, and keep what is found."""
    home = await run_sync(use.finder.organisation, organisation)
    plan = await run_sync(use.domain_records.plan, domain, home.id)
    try:
        with _alone(home.id):
            verdicts = await use.examine(plan.domain, plan.records)
    except CertificateError as error:
        raise GatewayError(Kind.UNAVAILABLE, f"dns.ca_file: {error}") from error
    return check_view(await run_sync(use.domain_records.save, plan, verdicts))


@contextmanager
def _alone(organisation: str) -> Iterator[None]:
    """GatewayError THROTTLED while another domain of the organisation is looked at."""
    if organisation in _looked_at:
        raise GatewayError(Kind.THROTTLED, "A domain of the organisation is being checked: wait for it.")
    _looked_at.add(organisation)
    try:
        yield
    finally:
        _looked_at.discard(organisation)


_looked_at: set[str] = set()
"""Organisations whose domains are looked at now: a look asks dozens of servers, which its operator chose."""

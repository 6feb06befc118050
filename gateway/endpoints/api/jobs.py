"""Off-boarding over REST, and the jobs that do it (product 5.6, 7.3)."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from gateway.endpoints.api.calls import Bearer, Body, Page, Query, With, choice, needs, word
from gateway.endpoints.api.cursors import read_moment, write_cursor
from gateway.endpoints.api.order_views import JobList, JobView, job_view
from gateway.records import Actor
from gateway.records.authority import Permission
from gateway.services.offboarding import DEFAULT_WAIT, MAXIMUM_WAIT, MINIMUM_WAIT
from gateway.services.reasons import tidy_reason, wipe_reason
from mdm.device import WipeKind

at_users = APIRouter(prefix="/organisations/{organisation}/users/{user}/offboard", tags=["jobs"])
router = APIRouter(prefix="/organisations/{organisation}/jobs", tags=["jobs"])

Reader = Annotated[Actor, needs(Permission.DEVICE_READ)]
Offboarder = Annotated[Actor, needs(Permission.USER_OFFBOARD, destructive=True)]
Canceller = Annotated[Actor, needs(Permission.USER_OFFBOARD)]
Reason = Annotated[str, word(tidy_reason)]
SHORTEST_S, LONGEST_S = int(MINIMUM_WAIT.total_seconds()), int(MAXIMUM_WAIT.total_seconds())


class Departure(Body):
    """How a user is off-boarded; ``wait_s`` is how long the devices have to acknowledge their wipe."""

    kind: Annotated[WipeKind, choice()] = WipeKind.ACCOUNT
    wait_s: Annotated[int, Field(ge=SHORTEST_S, le=LONGEST_S)] = int(DEFAULT_WAIT.total_seconds())
    reason: Reason = ""


class Because(Body):
    """An act that may have a reason."""

    reason: Reason = ""


UNTOLD = Because()
PLAINLY = Departure()


@at_users.post("", status_code=202)
def offboard_user(
    organisation: str, user: str, use: With, actor: Offboarder, bearer: Bearer, body: Departure = PLAINLY
) -> JobView:
    """Wipe all devices, wait for them, block, disable, report: one job, which a restart does not end."""
    if body.kind is WipeKind.DEVICE:
        use = bearer.require(Permission.WIPE_FULL)
    person = use.finder.user(organisation, user)
    reason = wipe_reason(body.kind, body.reason)
    return job_view(use.offboarding.start(actor, person, timedelta(seconds=body.wait_s), body.kind, reason))


@router.get("")
def list_jobs(organisation: str, query: Query[Page], use: With, _actor: Reader) -> JobList:
    """Jobs of an organisation, the youngest first."""
    found = use.offboarding.list(organisation, before=read_moment(query.cursor), limit=query.limit)
    last = found[-1] if len(found) == query.limit else None
    following = write_cursor(last.created_at.isoformat(), last.id) if last else None
    return JobList(items=[job_view(each) for each in found], next=following)


@router.get("/{job}")
def get_job(organisation: str, job: str, use: With, _actor: Reader) -> JobView:
    """One job, with its report when it is done."""
    return job_view(use.offboarding.get(organisation, job))


@router.post("/{job}/cancel")
def cancel_job(organisation: str, job: str, use: With, actor: Canceller, body: Because = UNTOLD) -> JobView:
    """Stop before the next step, and take back what no device has fetched."""
    return job_view(use.offboarding.cancel(actor, organisation, job, body.reason))

"""``/organisations/{organisation}/policy_assignments`` and the effective policy of a device (product 4.2)."""

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field

from gateway.endpoints.api.calls import Body, Plain, UseCases, With, needs
from gateway.endpoints.api.policies import Minutes, Reason
from gateway.endpoints.api.policy_views import (
    AssignmentList,
    AssignmentOutcome,
    EffectiveView,
    RehearsalView,
    assigned,
    assignment_outcome,
    effective_view,
    rehearsed,
)
from gateway.records import Actor
from gateway.records.authority import Permission
from gateway.services.assignments import AssignmentChange, Target
from gateway.services.effective import MAXIMUM_PRIORITY
from mdm.layers import Reach

router = APIRouter(prefix="/organisations/{organisation}", tags=["policy"])

Reader = Annotated[Actor, needs(Permission.POLICY_READ)]
Writer = Annotated[Actor, needs(Permission.POLICY_WRITE)]


class Removal(Body):
    """A policy and whom it means: a domain's name; a group's or user's id, address or name; with
    ``device_id`` one device of the user."""

    policy: Plain
    reach: Literal["organisation", "domain", "group", "user", "device"]
    target: Plain = ""
    device_id: Plain = ""
    minutes: Minutes | None = None
    reason: Reason = ""

    def meant(self) -> Target:
        return Target(Reach[self.reach.upper()], self.target, self.device_id)


class NewAssignment(Removal):
    """An assignment; among those of one reach the highest priority wins."""

    priority: Annotated[int, Field(ge=-MAXIMUM_PRIORITY, le=MAXIMUM_PRIORITY)] = 0


class Supposed(NewAssignment):
    """An assignment that is not made; with ``away`` the end of one."""

    away: bool = False


@router.get("/policy_assignments")
def list_assignments(organisation: str, use: With, _actor: Reader) -> AssignmentList:
    """Who is under which policy beside the organisation's own, the widest first."""
    labels = use.assignments.labels(use.assignments.list(organisation))
    return AssignmentList(items=[assigned(each, label) for each, label in labels.items()])


@router.put("/policy_assignments")
def assign(organisation: str, body: NewAssignment, use: With, actor: Writer) -> AssignmentOutcome:
    """Let a policy hold for somebody; once more changes the priority alone."""
    change = use.assignments.assign(
        actor,
        organisation,
        body.meant(),
        body.policy,
        priority=body.priority,
        minutes=body.minutes,
        reason=body.reason,
    )
    return _outcome(use, change)


@router.post("/policy_assignments/rehearse")
def rehearse(organisation: str, body: Supposed, use: With, _actor: Reader) -> RehearsalView:
    """Whom an assignment, or its end, would touch; nothing is changed."""
    said = use.assignments.rehearse(
        organisation, body.meant(), body.policy, priority=body.priority, away=body.away
    )
    return rehearsed(said)


@router.post("/policy_assignments/remove")
def unassign(organisation: str, body: Removal, use: With, actor: Writer) -> AssignmentOutcome:
    """Let a policy hold no more for somebody."""
    change = use.assignments.unassign(
        actor, organisation, body.meant(), body.policy, minutes=body.minutes, reason=body.reason
    )
    return _outcome(use, change)


@router.get("/devices/{user}/{device_id}/policy")
def effective_policy(
    organisation: str, user: str, device_id: str, use: With, _actor: Reader
) -> EffectiveView:
    """What a device is asked for, every value with the policy that decided it."""
    return effective_view(use.assignments.effective(use.finder.device(organisation, user, device_id).key))


def _outcome(use: UseCases, change: AssignmentChange) -> AssignmentOutcome:
    return assignment_outcome(change, use.assignments.labels([change.assignment])[change.assignment])

"""``/organisations/{organisation}/policies`` of the REST API, and ``/policy`` for the one called ``default``
(product 4, 7.3).

The document is what ``mdm.policy`` defines: ``settings`` by their names on the wire, and the switches.
"""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import AfterValidator, Field

from gateway.endpoints.api.calls import NUMBER_LIMIT, Body, Filter, Query, With, encodable, needs, word
from gateway.endpoints.api.policy_views import (
    AssignmentList,
    DifferenceList,
    Outcome,
    PolicyList,
    PolicyView,
    RehearsalView,
    assigned,
    differences,
    outcome,
    rehearsed,
    view,
)
from gateway.records import Actor
from gateway.records.authority import Permission
from gateway.services.effective import DEFAULT_NAME
from gateway.services.policies import MAXIMUM_MINUTES
from gateway.services.reasons import tidy_reason

router = APIRouter(prefix="/organisations/{organisation}", tags=["policy"])
ONE = "/policies/{name}"

Reader = Annotated[Actor, needs(Permission.POLICY_READ)]
Writer = Annotated[Actor, needs(Permission.POLICY_WRITE)]
Document = Annotated[dict[str, Any], AfterValidator(encodable)]
"""Checked by ``mdm.policy``, which names every wrong setting at once."""
Reason = Annotated[str, word(tidy_reason)]
Minutes = Annotated[int, Field(ge=0, le=MAXIMUM_MINUTES)]
Name = Annotated[str, word(str)]


class Manner(Filter):
    """How a change comes to the devices: ``minutes`` is the window, by default the organisation's own."""

    minutes: Minutes | None = None
    reason: Reason = ""


class RollBack(Body):
    """The number of an earlier version."""

    version: Annotated[int, Field(ge=1, le=NUMBER_LIMIT)]


class NewPolicy(Body):
    """A policy to be made, which holds for nobody before it is assigned; ``copy_of`` is another one."""

    name: Name
    document: Document = Field(default_factory=dict)
    copy_of: Name | None = None
    reason: Reason = ""


class Versions(Filter):
    """Two versions to compare; 0 is the built-in policy."""

    before: Annotated[int, Field(ge=0, le=NUMBER_LIMIT)]
    after: Annotated[int, Field(ge=0, le=NUMBER_LIMIT)]


@router.get("/policy")
def get_default(organisation: str, use: With, _actor: Reader) -> PolicyView:
    """The organisation's own policy."""
    return view(use.policies.current(organisation))


@router.put("/policy")
def set_default(organisation: str, body: Document, query: Query[Manner], use: With, actor: Writer) -> Outcome:
    """Put a document in force as the organisation's own policy."""
    return set_policy(organisation, DEFAULT_NAME, body, query, use, actor)


@router.post("/policy/rehearse")
def rehearse_default(organisation: str, body: Document, use: With, _actor: Reader) -> RehearsalView:
    """Whom a document would touch as the organisation's own policy; nothing is changed."""
    return rehearse(organisation, DEFAULT_NAME, body, use, _actor)


@router.get("/policy/versions")
def list_default_versions(organisation: str, use: With, _actor: Reader) -> PolicyList:
    """Every version of the organisation's own policy."""
    return list_versions(organisation, DEFAULT_NAME, use, _actor)


@router.post("/policy/roll_back")
def roll_back_default(
    organisation: str, body: RollBack, query: Query[Manner], use: With, actor: Writer
) -> Outcome:
    """Put an earlier version of the organisation's own policy in force again, as a new one."""
    return roll_back(organisation, DEFAULT_NAME, body, query, use, actor)


@router.get("/policies")
def list_policies(organisation: str, use: With, _actor: Reader) -> PolicyList:
    """The newest version of each policy, by name."""
    return PolicyList(items=[view(each) for each in use.policies.list(organisation)])


@router.post("/policies", status_code=201)
def create_policy(organisation: str, body: NewPolicy, use: With, actor: Writer) -> PolicyView:
    """Make a policy, from a document or as a copy."""
    if body.copy_of is not None:
        return view(use.policies.copy(actor, organisation, body.copy_of, body.name, body.reason))
    return view(use.policies.create(actor, organisation, body.name, body.document, body.reason))


@router.get(ONE)
def get_policy(organisation: str, name: str, use: With, _actor: Reader) -> PolicyView:
    """The version in force."""
    return view(use.policies.current(organisation, name))


@router.put(ONE)
def set_policy(
    organisation: str, name: str, body: Document, query: Query[Manner], use: With, actor: Writer
) -> Outcome:
    """Put a document in force; devices that are sent something else by it provision again."""
    change = use.policies.set_policy(
        actor, organisation, body, name=name, minutes=query.minutes, reason=query.reason
    )
    return outcome(change)


@router.delete(ONE, status_code=204)
def remove_policy(organisation: str, name: str, query: Query[Manner], use: With, actor: Writer) -> None:
    """Remove a policy with all its versions; 409 while it is assigned."""
    use.policies.remove(actor, organisation, name, query.reason)


@router.post(ONE + "/rehearse")
def rehearse(organisation: str, name: str, body: Document, use: With, _actor: Reader) -> RehearsalView:
    """Whom a document would touch, and who would not do what it asks; nothing is changed."""
    return rehearsed(use.policies.rehearse(organisation, body, name=name))


@router.get(ONE + "/versions")
def list_versions(organisation: str, name: str, use: With, _actor: Reader) -> PolicyList:
    """Every version that was in force."""
    return PolicyList(items=[view(each) for each in use.policies.versions(organisation, name)])


@router.get(ONE + "/difference")
def compare_versions(
    organisation: str, name: str, query: Query[Versions], use: With, _actor: Reader
) -> DifferenceList:
    """What two versions ask for differently."""
    return differences(use.policies.difference(organisation, name, query.before, query.after))


@router.get(ONE + "/uses")
def list_uses(organisation: str, name: str, use: With, _actor: Reader) -> AssignmentList:
    """For whom the policy holds: to be looked at before it is edited or removed."""
    labels = use.assignments.labels(use.policies.uses(organisation, name))
    return AssignmentList(items=[assigned(each, label) for each, label in labels.items()])


@router.post(ONE + "/roll_back")
def roll_back(
    organisation: str, name: str, body: RollBack, query: Query[Manner], use: With, actor: Writer
) -> Outcome:
    """Put an earlier version in force again, as a new one."""
    change = use.policies.roll_back(
        actor, organisation, body.version, name=name, minutes=query.minutes, reason=query.reason
    )
    return outcome(change)

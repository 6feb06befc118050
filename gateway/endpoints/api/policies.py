"""``/organisations/{organisation}/policy`` of the REST API (product 4, 7.3).

The document is what ``mdm.policy`` defines: ``settings`` by their names on the wire, and the switches.
"""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import AfterValidator, BaseModel, Field

from gateway.endpoints.api.calls import Body, With, encodable, needs
from gateway.endpoints.principals import Permission
from gateway.records import Actor, PolicyVersion
from gateway.services.policies import DEFAULT_NAME, PolicyChange
from mdm.policy import DEFAULT

router = APIRouter(prefix="/organisations/{organisation}/policy", tags=["policy"])

Reader = Annotated[Actor, needs(Permission.POLICY_READ)]
Writer = Annotated[Actor, needs(Permission.POLICY_WRITE)]
Document = Annotated[dict[str, Any], AfterValidator(encodable)]
"""Checked by ``mdm.policy``, which names every wrong setting at once."""


class RollBack(Body):
    """The number of an earlier version."""

    version: Annotated[int, Field(ge=1)]


class PolicyView(BaseModel):
    """A version of the policy; 0 is the built-in one, which nobody made."""

    name: str
    version: int
    document: dict[str, Any]
    created_at: datetime | None
    created_by: str


class PolicyList(BaseModel):
    """All versions, oldest first."""

    items: list[PolicyView]


class Outcome(PolicyView):
    """The version in force now, and how many devices fetch it because of this change."""

    devices: int


class Rehearsal(BaseModel):
    """How many devices would have to provision again."""

    devices: int


BUILT_IN = PolicyView(
    name=DEFAULT_NAME, version=0, document=DEFAULT.to_document(), created_at=None, created_by=""
)


def view(version: PolicyVersion | None) -> PolicyView:
    """A version, or the built-in policy for None."""
    return PolicyView.model_validate(version, from_attributes=True) if version is not None else BUILT_IN


def outcome(change: PolicyChange) -> Outcome:
    return Outcome(**view(change.version).model_dump(), devices=change.devices)


@router.get("")
def get_policy(organisation: str, use: With, _actor: Reader) -> PolicyView:
    """The policy in force."""
    return view(use.policies.current(organisation))


@router.put("")
def set_policy(organisation: str, body: Document, use: With, actor: Writer) -> Outcome:
    """Put a policy in force; devices that are sent something else by it provision again."""
    return outcome(use.policies.set_policy(actor, organisation, body))


@router.post("/rehearse")
def rehearse(organisation: str, body: Document, use: With, _actor: Reader) -> Rehearsal:
    """How many devices a policy would touch; nothing is changed."""
    return Rehearsal(devices=use.policies.rehearse(organisation, body))


@router.get("/versions")
def list_versions(organisation: str, use: With, _actor: Reader) -> PolicyList:
    """Every version that was in force."""
    return PolicyList(items=[view(each) for each in use.policies.versions(organisation)])


@router.post("/roll_back")
def roll_back(organisation: str, body: RollBack, use: With, actor: Writer) -> Outcome:
    """Put an earlier version in force again, as a new one."""
    return outcome(use.policies.roll_back(actor, organisation, body.version))

"""``/organisations/{organisation}/safeguards`` of the REST API (product 5.5, 5.7; T9)."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel

from gateway.endpoints.api.calls import Bearer, Body, With, needs, word
from gateway.records import Actor, Safeguards
from gateway.records.authority import Permission
from gateway.services.reasons import tidy_reason
from gateway.services.safeguards import SafeguardChanges

router = APIRouter(prefix="/organisations/{organisation}/safeguards", tags=["safeguards"])

Reader = Annotated[Actor, needs(Permission.ORGANISATION_READ)]
Writer = Annotated[Actor, needs(Permission.SAFEGUARDS_WRITE, destructive=True)]
Freezer = Annotated[Actor, needs(Permission.DEVICE_WIPE)]
Lifter = Annotated[Actor, needs(Permission.WIPE_UNFREEZE, destructive=True)]


class Changes(Body):
    """What is to be changed; what is left out stays. Loosening needs a permission of its own."""

    approve_full_wipes: bool | None = None
    never_full_wipe: bool | None = None
    wipes_per_hour: int | None = None
    wipes_per_day_percent: int | None = None
    hold_enrolment: bool | None = None
    stale_days: int | None = None
    archive_days: int | None = None
    archive_wiped_days: int | None = None
    rollout_minutes: int | None = None
    rollout_per_minute: int | None = None
    quarantine_days: int | None = None


class SafeguardsView(BaseModel):
    """The safeguards in force; ``frozen`` says why nothing can be ordered, empty for no freeze."""

    approve_full_wipes: bool
    never_full_wipe: bool
    wipes_per_hour: int
    wipes_per_day_percent: int
    frozen: str
    lifted_at: str
    hold_enrolment: bool
    stale_days: int
    archive_days: int
    archive_wiped_days: int
    rollout_minutes: int
    rollout_per_minute: int
    quarantine_days: int


class Because(Body):
    """Why."""

    reason: Annotated[str, word(tidy_reason)] = ""


UNTOLD = Because()


def view(safeguards: Safeguards) -> SafeguardsView:
    return SafeguardsView.model_validate(safeguards, from_attributes=True)


@router.get("")
def get_safeguards(organisation: str, use: With, _actor: Reader) -> SafeguardsView:
    """What guards the organisation's devices."""
    return view(use.safeguards.get(organisation))


@router.patch("")
def change_safeguards(
    organisation: str, body: Changes, use: With, actor: Writer, bearer: Bearer
) -> SafeguardsView:
    """Change safeguards; 403 for one that guards less afterwards without the permission to loosen."""
    may_loosen = bearer.may(Permission.SAFEGUARDS_LOOSEN, use.finder.organisation(organisation).id)
    changes = SafeguardChanges(**body.model_dump())
    return view(use.safeguards.change(actor, organisation, changes, may_loosen=may_loosen))


@router.post("/freeze")
def freeze_wipes(organisation: str, use: With, actor: Freezer, body: Because = UNTOLD) -> SafeguardsView:
    """Let no wipe be ordered until the freeze is lifted."""
    return view(use.safeguards.freeze(actor, organisation, body.reason))


@router.post("/lift")
def lift_freeze(organisation: str, use: With, actor: Lifter, body: Because = UNTOLD) -> SafeguardsView:
    """End a freeze; the budgets begin anew."""
    return view(use.safeguards.lift(actor, organisation, body.reason))

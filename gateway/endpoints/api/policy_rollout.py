"""``/organisations/{organisation}/policy_rollout``: a change on its way to the devices (product 4.3)."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter

from gateway.endpoints.api.calls import Body, UseCases, With, needs
from gateway.endpoints.api.policies import Reason
from gateway.endpoints.api.policy_views import RolloutList, RolloutView, entries, progress
from gateway.errors import GatewayError, Kind
from gateway.records import Actor, Rollout
from gateway.records.authority import Permission

router = APIRouter(prefix="/organisations/{organisation}/policy_rollout", tags=["policy"])

Reader = Annotated[Actor, needs(Permission.POLICY_READ)]
Writer = Annotated[Actor, needs(Permission.POLICY_WRITE)]


class Because(Body):
    """An act that may have a reason."""

    reason: Reason = ""


UNTOLD = Because()


@router.get("")
def get_rollout(organisation: str, use: With, _actor: Reader) -> RolloutView:
    """The last change that touched devices, and how far it has come."""
    return _shown(use, organisation)


@router.get("/history")
def list_rollouts(organisation: str, use: With, _actor: Reader) -> RolloutList:
    """The changes that touched devices, the newest first."""
    return entries(use.rollouts.history(organisation))


@router.post("/pause")
def pause(organisation: str, use: With, actor: Writer, body: Because = UNTOLD) -> RolloutView:
    """Tell no further device; those that wait keep what they have."""
    return _steered(use, organisation, use.rollouts.pause, actor, body)


@router.post("/resume")
def resume(organisation: str, use: With, actor: Writer, body: Because = UNTOLD) -> RolloutView:
    """Go on, later by the length of the pause."""
    return _steered(use, organisation, use.rollouts.resume, actor, body)


@router.post("/now")
def hasten(organisation: str, use: With, actor: Writer, body: Because = UNTOLD) -> RolloutView:
    """Let everybody who waits come now, as fast as the configured rate allows."""
    return _steered(use, organisation, use.rollouts.hasten, actor, body)


@router.post("/cancel")
def cancel(organisation: str, use: With, actor: Writer, body: Because = UNTOLD) -> RolloutView:
    """Leave those that wait with what they have; the policy itself stays in force."""
    return _steered(use, organisation, use.rollouts.cancel, actor, body)


def _steered(
    use: UseCases,
    organisation: str,
    act: Callable[[Actor, str, str], Rollout],
    actor: Actor,
    body: Because,
) -> RolloutView:
    act(actor, organisation, body.reason)
    return _shown(use, organisation)


def _shown(use: UseCases, organisation: str) -> RolloutView:
    found = use.rollouts.progress(organisation)
    if found is None:
        raise GatewayError(Kind.NOT_FOUND, "No policy change has touched a device yet.")
    return progress(found)

"""Policies, assignments and rollouts as the REST API and ``usher policy --json`` show them (product 4)."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from gateway.records import Assignment, PolicyVersion, Rollout, RolloutState
from gateway.services import rehearsal
from gateway.services.assignments import AssignmentChange
from gateway.services.effective import DEFAULT_NAME
from gateway.services.policies import PolicyChange
from gateway.services.rollouts import Progress
from mdm.layers import REFRESH, Effective, Layer
from mdm.policy import SETTINGS, SWITCHES


class PolicyView(BaseModel):
    """A version of a policy; 0 is the built-in one, which nobody made."""

    name: str
    version: int
    document: dict[str, Any]
    created_at: datetime | None
    created_by: str


class PolicyList(BaseModel):
    """Versions, oldest first, or the newest of each policy, by name."""

    items: list[PolicyView]


class Outcome(PolicyView):
    """The version in force now, and how many devices fetch it because of this change.

    ``rollout`` is the number of the rollout that brings it to them; null where it touches none.
    """

    devices: int
    rollout: int | None


class ShortcomingView(BaseModel):
    """Devices that will not do what one setting asks: their protocol version does not carry it, or their
    family of clients is known to ignore it."""

    setting: str
    version: str
    family: str
    label: str
    devices: int


class RehearsalView(BaseModel):
    """Whom a change would touch: ``touched`` of ``devices`` would have to provision again."""

    devices: int
    under: int
    touched: int
    coming: int
    wiping: int
    shortcomings: list[ShortcomingView]


class DifferenceView(BaseModel):
    """One setting or switch that two versions give different values."""

    name: str
    before: Any
    after: Any


class DifferenceList(BaseModel):
    """What differs between two versions."""

    items: list[DifferenceView]


class AssignmentView(BaseModel):
    """For whom a policy holds; ``label`` is what people call the target."""

    policy: str
    reach: str
    target: str
    label: str
    device_id: str
    priority: int


class AssignmentList(BaseModel):
    """Assignments, the widest first."""

    items: list[AssignmentView]


class AssignmentOutcome(AssignmentView):
    """An assignment, and how many devices provision again because of it."""

    devices: int
    rollout: int | None


class OriginView(BaseModel):
    """A value in force, and the policy that decided it; no policy for the built-in default."""

    name: str
    value: Any
    policy: str
    version: int
    reach: str
    target: str


class EffectiveView(BaseModel):
    """What a device is asked for, and why."""

    policies: str
    values: list[OriginView]


class RolloutEntry(BaseModel):
    """A change that touched devices: how many were to be told, and how many have been."""

    number: int
    state: RolloutState
    cause: str
    started_at: datetime
    planned: int
    moved: int


class RolloutList(BaseModel):
    """Changes that touched devices, the newest first."""

    items: list[RolloutEntry]


class RolloutView(BaseModel):
    """How far a change has come: of ``planned`` devices ``moved`` were told, ``came`` by themselves, and
    ``waiting`` are to be told; ``behind`` keep an older policy since a rollout was cancelled."""

    number: int
    cause: str
    state: RolloutState
    started_by: str
    started_at: datetime
    minutes: int
    per_minute: int
    hastened: bool
    ends_at: datetime
    ended_at: datetime | None
    planned: int
    moved: int
    came: int
    waiting: int
    behind: int


BUILT_IN = PolicyView(name=DEFAULT_NAME, version=0, document={"settings": {}}, created_at=None, created_by="")


def view(version: PolicyVersion | None) -> PolicyView:
    """A version, or the built-in policy for None."""
    return PolicyView.model_validate(version, from_attributes=True) if version is not None else BUILT_IN


def outcome(change: PolicyChange) -> Outcome:
    rollout = change.rollout.number if change.rollout else None
    return Outcome(**view(change.version).model_dump(), devices=change.devices, rollout=rollout)


def rehearsed(said: rehearsal.Rehearsal) -> RehearsalView:
    return RehearsalView.model_validate(said, from_attributes=True)


def differences(found: Mapping[str, tuple[Any, Any]]) -> DifferenceList:
    items = [DifferenceView(name=name, before=old, after=new) for name, (old, new) in found.items()]
    return DifferenceList(items=items)


def assigned(each: Assignment, label: str) -> AssignmentView:
    return AssignmentView(
        policy=each.policy,
        reach=each.reach.name.lower(),
        target=each.target,
        label=label,
        device_id=each.device_id,
        priority=each.priority,
    )


def assignment_outcome(change: AssignmentChange, label: str) -> AssignmentOutcome:
    rollout = change.rollout.number if change.rollout else None
    shown = assigned(change.assignment, label).model_dump()
    return AssignmentOutcome(**shown, devices=change.devices, rollout=rollout)


def effective_view(effective: Effective) -> EffectiveView:
    """Every setting and switch with its value in force."""
    values = [_origin(setting.name, *effective.value(setting.name)) for setting in SETTINGS]
    values += [
        _origin(name, getattr(effective.policy, name), effective.origins.get(name))
        for name in (*SWITCHES, REFRESH)
    ]
    return EffectiveView(policies=effective.names, values=values)


def entries(found: Iterable[Rollout]) -> RolloutList:
    return RolloutList(items=[RolloutEntry.model_validate(each, from_attributes=True) for each in found])


def progress(found: Progress) -> RolloutView:
    rollout = found.rollout
    return RolloutView(
        number=rollout.number,
        cause=rollout.cause,
        state=rollout.state,
        started_by=rollout.started_by,
        started_at=rollout.started_at,
        minutes=rollout.window_s // 60,
        per_minute=rollout.per_minute,
        hastened=rollout.hastened,
        ends_at=found.ends_at,
        ended_at=rollout.ended_at,
        planned=rollout.planned,
        moved=rollout.moved,
        came=found.came,
        waiting=found.waiting,
        behind=found.behind,
    )


def _origin(name: str, value: Any, layer: Layer | None) -> OriginView:
    return OriginView(
        name=name,
        value=value,
        policy=layer.policy if layer else "",
        version=layer.version if layer else 0,
        reach=layer.reach.name.lower() if layer else "",
        target=layer.target if layer else "",
    )

"""What an organisation asks of its devices, and the spreading of a change of it (product 4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from mdm.layers import Reach


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """One immutable version of an organisation's named policy.

    Attributes:
        document: what ``mdm.layers.partial`` gave: what was said and no more, JSON values only.
        version: 1 for the first; rolling back writes a new version with the old document.
    """

    organisation: str
    name: str
    version: int
    document: Mapping[str, Any]
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True)
class Assignment:
    """A policy that holds for somebody (product 4.2).

    Attributes:
        target: domain name, group id or user id; of a device its user's id; empty for the organisation.
        device_id: canonical DeviceId, empty for any other reach.
        priority: among assignments of the same reach the highest one wins.
    """

    organisation: str
    reach: Reach
    target: str
    policy: str
    device_id: str = ""
    priority: int = 0


class RolloutState(Enum):
    """How far the spreading of a policy change has come (product 4.3)."""

    PLANNING = "planning"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class Rollout:
    """A change of what devices are sent, on its way to them.

    Attributes:
        number: 1 for the organisation's first.
        cause: what changed, in words. started_by: as the audit trail names them.
        window_s: over which the devices are spread, 0 for at once. per_minute: at most so many, 0 for any.
        place: user id and DeviceId of the last device that was planned.
        planned: devices that have to provision again by it. moved: those that were told to by now.
        held_s: seconds spent in pauses, by which every device's moment is later.
        kept_s: ``held_s`` of the rollout before, whose earlier moments still hold; None where they do not.
        joins: devices that wait already keep their moment: the change is none of the policies themselves.
        hastened: the moments count no more, only the rate.
        paused_at, moved_at: last time of each.
    """

    organisation: str
    number: int
    cause: str
    started_by: str
    started_at: datetime
    window_s: int = 0
    per_minute: int = 0
    state: RolloutState = RolloutState.PLANNING
    place: tuple[str, str] = ("", "")
    planned: int = 0
    moved: int = 0
    held_s: int = 0
    kept_s: int | None = None
    joins: bool = False
    hastened: bool = False
    paused_at: datetime | None = None
    moved_at: datetime | None = None
    ended_at: datetime | None = None

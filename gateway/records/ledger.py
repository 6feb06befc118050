"""What is kept beside devices and outlives them: jobs that take days, and devices that were archived.

Orders of wipes are ``mdm.orders``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

from gateway.records.directory import NOTHING
from mdm.device import DeviceKey


class JobState(Enum):
    """Whether a job goes on."""

    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Job:
    """Work in several steps that survives a restart at any of them.

    Attributes:
        id: ``j-`` and 32 hex digits.
        kind: what it does: ``offboarding``.
        user: whom it is about.
        step: the step that is to be done next; of a job that ended, the last one.
        deadline: when it goes on without what it waits for.
        note: how far it has come, in words.
        document: what it was told and what it found, JSON values only.
        created_person: whose account began it, empty for the machine's own.
    """

    id: str
    organisation: str
    kind: str
    user: str
    step: str
    created_at: datetime
    created_by: str
    deadline: datetime
    updated_at: datetime
    reason: str = ""
    state: JobState = JobState.RUNNING
    note: str = ""
    document: Mapping[str, Any] = field(default_factory=lambda: NOTHING, hash=False)
    created_person: str = ""


class ArchiveCause(Enum):
    """Why a device left the list by itself."""

    WIPED = "wiped"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class ArchivedDevice:
    """A device that left the list, as it was then.

    Attributes:
        address: its user's address at the time.
        snapshot: the record without its secrets; ``story``: its audit records, oldest first.
        sequence: given by the store.
    """

    key: DeviceKey
    address: str
    cause: ArchiveCause
    archived_at: datetime
    snapshot: Mapping[str, Any] = field(hash=False)
    story: tuple[Mapping[str, Any], ...] = field(hash=False)
    sequence: int = 0

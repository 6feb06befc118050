"""Who did what to whom: a line of the audit trail, written in the transaction of the change itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gateway.records.directory import NOTHING
from gateway.records.tags import AuditTag


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks: an administrator, a device or the gateway itself.

    Attributes:
        kind: ``admin``, ``device``, ``user`` or ``system``.
        name: what the audit trail shows.
        address: source address, empty for the machine itself.
        person: whose account it is (``services.persons``), empty for what is no person's.
        credential: id of the session or token that was shown, empty for none.
    """

    kind: str
    name: str
    address: str = ""
    user_agent: str = ""
    request_id: str = ""
    person: str = ""
    credential: str = ""


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One line of the trail; ``id`` and ``sequence`` are given by the store."""

    tag: AuditTag
    at: datetime
    actor: Actor
    organisation: str
    target: str
    before: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    after: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    reason: str = ""
    outcome: str = "done"
    sequence: int = 0

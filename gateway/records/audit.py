"""Who did what to whom: a line of the audit trail, written in the transaction of the change itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gateway.records.directory import NOTHING
from gateway.records.tags import AuditTag

DONE = "done"
"""Outcome of what happened; the one of what was refused begins with ``refused``."""


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
    """One line of the trail; ``sequence``, ``previous`` and ``hash`` are given by the store
    (``records.chain``)."""

    tag: AuditTag
    at: datetime
    actor: Actor
    organisation: str
    target: str
    before: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    after: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    reason: str = ""
    outcome: str = DONE
    sequence: int = 0
    previous: str = ""
    hash: str = ""


@dataclass(frozen=True, slots=True)
class AuditQuestion:
    """Which records; what is empty or None asks for nothing.

    Attributes:
        organisation: its id.
        target: as recorded: ``USER/DEVICEID`` for a partnership, else the id or the domain name.
        user: id; records about the user and about each of the user's devices.
        actor: whoever did it, as the trail names them.
        since, until: of ``at``; the first is included, the second is not.
        refused: True for what was refused alone, False for what was done alone.
        after, before: sequence numbers, neither of them included; 0 for no bound.
        newest_first: the order of the answer.
    """

    organisation: str | None = None
    target: str | None = None
    user: str | None = None
    tag: AuditTag | None = None
    actor: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    refused: bool | None = None
    after: int = 0
    before: int = 0
    newest_first: bool = False


@dataclass(frozen=True, slots=True)
class Seal:
    """What the gateway signed of its trail: a checkpoint, or the end of what was archived.

    Attributes:
        kind: ``checkpoint`` or ``archive``, so that neither can be taken for the other.
        sequence, hash: of the last record that it covers.
        at: when it was signed.
        count: records since the seal of the same kind before it.
        key: name of the signing key. signature: over everything else, base64.
    """

    kind: str
    sequence: int
    hash: str
    at: datetime
    count: int
    key: str = ""
    signature: str = ""


CHECKPOINT, ARCHIVE = "checkpoint", "archive"

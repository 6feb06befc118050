"""Events, the webhooks that they are sent to, and the mails that tell of them (product 7.9): values only.

An event is a record of the audit trail as others may see it, so there is no event without its record and no
record is told before it is durable: the trail is the outbox.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

from gateway.records.directory import NOTHING
from gateway.records.tags import AuditTag


@dataclass(frozen=True, slots=True)
class Event:
    """What happened, as it is told outside.

    Attributes:
        sequence: number of the audit record; grows, with gaps.
        title: what the type means, one sentence for people.
        organisation: its id, empty for what concerns the whole gateway.
        device: user id and DeviceId where it is about a device.
        before, after: of the record, without anything that could be a secret.
    """

    sequence: int
    type: AuditTag
    title: str
    at: datetime
    organisation: str
    target: str
    device: tuple[str, str] | None
    actor_kind: str
    actor_name: str
    reason: str
    outcome: str
    before: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    after: Mapping[str, Any] = field(default_factory=lambda: NOTHING)

    @property
    def id(self) -> str:
        """The same at every delivery and every replay, so that a receiver can tell what it has."""
        return f"e-{self.sequence}"


@dataclass(frozen=True, slots=True)
class Webhook:
    """A receiver of events.

    Attributes:
        organisation: whose events it gets; empty for those of the whole gateway.
        types: which; none for all.
        allow_private: it may be within our own network (T27).
        cursor: sequence number of the last record that was looked at for it.
        failing_since: when a delivery failed after which none has succeeded; None for no failure.
        stopped: why it was switched off by itself, empty where it was not.
        secret, former: sealed; the former one signs too until ``former_until``.
    """

    id: str
    organisation: str
    url: str
    description: str
    types: tuple[AuditTag, ...]
    enabled: bool
    allow_private: bool
    cursor: int
    created_at: datetime
    secret: bytes = field(repr=False)
    former: bytes | None = field(default=None, repr=False)
    former_until: datetime | None = None
    failing_since: datetime | None = None
    stopped: str = ""


class Progress(Enum):
    """How far something that is to be sent has come. HELD waits to be told in one summary."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event on its way to one webhook.

    Attributes:
        event: sequence number of its record.
        lane: what it is about; within one lane the order is kept.
        next_at: when it is tried next. claimed_until: until then a process has it in hand.
        status: HTTP status of the last answer, 0 where there was none. error: what went wrong last.
    """

    webhook: str
    event: int
    type: AuditTag
    lane: str
    created_at: datetime
    next_at: datetime
    state: Progress = Progress.PENDING
    attempts: int = 0
    claimed_until: datetime | None = None
    ended_at: datetime | None = None
    status: int = 0
    error: str = ""
    id: int = 0


class NoticeKind(Enum):
    """What a mail can tell of."""

    QUARANTINE = "quarantine request"
    WIPE = "wipe progress"
    APPROVAL = "approval needed"
    CERTIFICATE = "certificate expiring"
    BACKEND = "backend impaired"
    WEBHOOK = "webhook disabled"
    DEVICE = "device misbehaving"


@dataclass(frozen=True, slots=True)
class Subscription:
    """To whom what is told by mail; ``organisation`` is empty for the whole gateway."""

    organisation: str
    address: str
    kinds: tuple[NoticeKind, ...]


class LetterKind(Enum):
    """What a letter is: about one event, a test, or the summary of those that were held back."""

    EVENT = "event"
    TEST = "test"
    SUMMARY = "summary"


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail on its way to one address.

    Attributes:
        notice: what an EVENT is told as.
        event: sequence number of its record, 0 for none.
        summary: id of the summary that tells of it, for one that was held back.
    """

    organisation: str
    address: str
    kind: LetterKind
    created_at: datetime
    next_at: datetime
    notice: NoticeKind | None = None
    event: int = 0
    state: Progress = Progress.PENDING
    attempts: int = 0
    claimed_until: datetime | None = None
    ended_at: datetime | None = None
    error: str = ""
    summary: int = 0
    id: int = 0


@dataclass(frozen=True, slots=True)
class Facts:
    """What a mail says of one event: texts of strangers among them, exactly as they came.

    Attributes:
        organisation: its name. user: primary address. device: the name that people know it by.
    """

    notice: NoticeKind
    title: str
    at: datetime
    event: str = ""
    organisation: str = ""
    target: str = ""
    user: str = ""
    device: str = ""
    device_id: str = ""
    model: str = ""
    actor: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """A letter with what it tells.

    Attributes:
        facts: of its event; of a summary those of the first events. more: how many are not among them.
    """

    letter: Letter
    facts: tuple[Facts, ...] = ()
    more: int = 0


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a letter: in words what went wrong, empty for nothing.

    Attributes:
        final: it is not tried again: the server knows no such address.
    """

    letter: Letter
    error: str = ""
    final: bool = False

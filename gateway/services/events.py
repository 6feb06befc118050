"""Events: records of the audit trail as they are told outside (product 7.9), and reading them in their order.

A record is written in the transaction of its change, so nothing happens without its event and no event tells
of what was undone. Numbers grow, with gaps: whoever keeps the last one it handled misses nothing.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from typing import Any

from gateway.records import AuditQuestion, AuditRecord, AuditTag
from gateway.records.events import Event
from gateway.services.event_catalogue import CATALOGUE
from gateway.services.ports import Store, Transaction
from gateway.services.users import find_user

BATCH = 500
"""Records that one statement reads."""

SCANNED = 5_000
"""Records that one call looks at: a filter that fits nothing must not read a whole trail."""

MASK = "***"
HARMLESS = ("", "set", "none", MASK)
_SECRET = re.compile(r"password|passwd|secret|token|credential|policy_?key|digest|hash", re.IGNORECASE)
_DEVICE = re.compile(r"(u-[^/]+)/(.+)", re.DOTALL)
_NUMERIC_SECRET = re.compile(r"(?:policy|temporary|proof)_?key", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events.

    Attributes:
        types: none for all.
        organisation: its id; None for all.
        target: as the trail names it, ``USER/DEVICEID`` for a device; None for all.
    """

    types: Collection[AuditTag] = ()
    organisation: str | None = None
    target: str | None = None

    def fits(self, record: AuditRecord) -> bool:
        """Whether a record is an event that is asked for."""
        return (
            record.tag in CATALOGUE
            and (not self.types or record.tag in self.types)
            and self.organisation in (None, record.organisation)
            and self.target in (None, record.target)
        )


@dataclass(frozen=True, slots=True)
class Found:
    """Events in their order.

    Attributes:
        reached: sequence number up to which everything was looked at.
        more: whether there may be more after that.
    """

    events: Sequence[Event]
    reached: int
    more: bool


class Events:
    """Reads events; a service on a narrowed store knows only those within reach."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def after(self, sequence: int, wanted: Wanted, limit: int = 100) -> Found:
        """The first events after a record's number."""
        with self._store.read() as transaction:
            return read(transaction, sequence, wanted, limit)

    def last(self, wanted: Wanted, limit: int = 100) -> Sequence[Event]:
        """The last events, the newest first, as far as they are among the last ``SCANNED`` records."""
        one = next(iter(wanted.types)) if len(wanted.types) == 1 else None
        question = AuditQuestion(wanted.organisation, wanted.target, tag=one, newest_first=True)
        events: list[Event] = []
        with self._store.read() as transaction:
            for _ in range(-(-SCANNED // limit)):
                records = transaction.audit.find(question, limit)
                events += [event_of(each) for each in records if wanted.fits(each)]
                if len(events) >= limit or len(records) < limit:
                    break
                question = replace(question, before=records[-1].sequence)
        return events[:limit]

    def present(self) -> int:
        """The number of the last record: whoever begins here is told what is yet to come."""
        with self._store.read() as transaction:
            return transaction.places.present()

    def device(self, text: str) -> str:
        """The target that ``USER/DEVICEID`` means, where USER is an id or an address.

        Raises:
            GatewayError: NOT_FOUND for an address of nobody.
        """
        user, _, device_id = text.rpartition("/")
        if "@" not in user:
            return text
        with self._store.read() as transaction:
            return f"{find_user(transaction, user).id}/{device_id}"


def read(transaction: Transaction, sequence: int, wanted: Wanted, limit: int = 100) -> Found:
    """The first events after ``sequence`` within an open transaction."""
    events: list[Event] = []
    end = sequence
    for _ in range(SCANNED // BATCH):
        records = transaction.audit.query(
            organisation=wanted.organisation, target=wanted.target, after=end, limit=BATCH
        )
        for record in records:
            end = record.sequence
            if wanted.fits(record):
                events.append(event_of(record))
                if len(events) == limit:
                    return Found(events, end, more=True)
        if len(records) < BATCH:
            return Found(events, end, more=False)
    return Found(events, end, more=True)


def single(transaction: Transaction, sequence: int) -> AuditRecord | None:
    """The record with this number; None for one that was archived."""
    found = transaction.audit.query(after=sequence - 1, limit=1)
    return found[0] if found and found[0].sequence == sequence else None


def event_of(record: AuditRecord) -> Event:
    """A record as an event; its tag has a line in the catalogue."""
    about = _DEVICE.fullmatch(record.target)
    return Event(
        sequence=record.sequence,
        type=record.tag,
        title=CATALOGUE[record.tag],
        at=record.at,
        organisation=record.organisation,
        target=record.target,
        device=(about[1], about[2]) if about else None,
        actor_kind=record.actor.kind,
        actor_name=record.actor.name,
        reason=record.reason,
        outcome=record.outcome,
        before=_mapping(record.before),
        after=_mapping(record.after),
    )


def document(event: Event) -> dict[str, Any]:
    """An event as JSON: the same in the REST API, on the stream and in the body of a webhook."""
    user, device_id = event.device or ("", "")
    return {
        "id": event.id,
        "sequence": event.sequence,
        "type": event.type.value,
        "title": event.title,
        "timestamp": event.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "organisation": event.organisation,
        "target": event.target,
        "device": {"user": user, "device_id": device_id} if event.device else None,
        "actor": {"kind": event.actor_kind, "name": event.actor_name},
        "reason": event.reason,
        "outcome": event.outcome,
        "before": dict(event.before),
        "after": dict(event.after),
    }


def _mapping(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _told(name, value) for name, value in values.items()}


def _told(name: str, value: Any) -> Any:
    """What leaves the house is looked at once more, although no record holds a secret (T28)."""
    if isinstance(value, Mapping):
        return _mapping(value)
    if isinstance(value, list | tuple):
        return [_told(name, each) for each in value]
    if isinstance(value, str) and value not in HARMLESS and _SECRET.search(name):
        return MASK
    if type(value) in (int, float) and _NUMERIC_SECRET.search(name):
        return MASK
    return value

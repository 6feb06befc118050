"""What the services ask of the store for webhooks and notices; part of ``Transaction``."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Protocol

from gateway.records import AuditTag
from gateway.records.events import Delivery, Letter, Progress, Subscription, Webhook


class Webhooks(Protocol):
    """Receivers of events."""

    def add(self, webhook: Webhook) -> None: ...
    def save(self, webhook: Webhook) -> None: ...
    def remove(self, webhook: str) -> None:
        """With all that is on its way to it."""
        ...

    def get(self, webhook: str) -> Webhook | None: ...
    def of(self, organisation: str) -> Sequence[Webhook]:
        """Those of one organisation, or with an empty id those of the gateway, oldest first."""
        ...

    def enabled(self) -> Sequence[Webhook]: ...


class Deliveries(Protocol):
    """Events on their way to webhooks."""

    def add_all(self, found: Iterable[Delivery]) -> None: ...
    def save(self, delivery: Delivery) -> None: ...
    def get(self, webhook: str, event: int) -> Delivery | None: ...
    def list(
        self, webhook: str, *, states: Collection[Progress] = (), before: int = 0, limit: int = 100
    ) -> Sequence[Delivery]:
        """The youngest event first, before that sequence number."""
        ...

    def waiting(self) -> Sequence[str]:
        """Ids of enabled webhooks with something pending."""
        ...

    def count(self, webhook: str, state: Progress) -> int: ...
    def due(self, webhook: str, now: datetime, limit: int) -> Sequence[Delivery]:
        """What is to be sent now, oldest event first: nobody has it in hand, and nothing earlier of its lane
        is pending."""
        ...

    def revive(self, webhook: str, now: datetime) -> int:
        """Make every dead one pending; returns how many."""
        ...

    def forget(self, webhook: str, after: int) -> None:
        """Remove those of events after that sequence number."""
        ...

    def prune(self, state: Progress, before: datetime) -> int:
        """Remove those that ended so before then; returns how many."""
        ...


class Places(Protocol):
    """Where the trail ends, and how far its readers have come."""

    def present(self) -> int:
        """Sequence number of the last record, 0 for none."""
        ...

    def last_told(self, tag: AuditTag, target: str) -> int:
        """Sequence number of the last record with this tag and target, 0 for none."""
        ...

    def get(self, reader: str) -> int | None: ...
    def put(self, reader: str, cursor: int) -> None: ...


class Subscriptions(Protocol):
    """To whom what is told by mail."""

    def all(self) -> Sequence[Subscription]: ...
    def of(self, organisation: str) -> Sequence[Subscription]: ...
    def put(self, subscription: Subscription) -> None:
        """Write it, in place of the one that the address had."""
        ...

    def remove(self, organisation: str, address: str) -> bool:
        """Returns whether it was there."""
        ...


class Letters(Protocol):
    """Mails on their way."""

    def add(self, letter: Letter) -> Letter:
        """Returned with its id."""
        ...

    def save(self, letter: Letter) -> None: ...
    def due(self, now: datetime, limit: int) -> Sequence[Letter]:
        """What is to be sent now and nobody has in hand, oldest first."""
        ...

    def counted(self, address: str, since: datetime) -> int:
        """Mails to an address since then, those held back apart."""
        ...

    def held_addresses(self) -> Sequence[str]:
        """To whom something was held back that no summary tells of yet."""
        ...

    def summarise(self, address: str, summary: int) -> None:
        """Let the summary with this id tell of what was held back."""
        ...

    def told_in(self, summary: int, limit: int) -> Sequence[Letter]: ...
    def pending(self) -> bool: ...
    def recent(self, organisation: str, limit: int) -> Sequence[Letter]:
        """The youngest first."""
        ...

    def prune(self, before: datetime) -> int:
        """Remove those that ended and were written before then; returns how many."""
        ...

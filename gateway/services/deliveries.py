"""Bringing events to webhooks (product 7.9): what is due, and what becomes of each attempt.

The trail is the queue. A webhook has its place in it; what fits is put on its way when its turn comes, and
when too much waits already the place stays where it is, so a receiver that is down for long fills no table.
At least once: a delivery is claimed for a while under the writers' lock, so two nodes never send one at a
time, and whoever dies with it in hand leaves it to be claimed again. In order within a lane, which is what
the event is about: a device's later event waits for its earlier one and holds up no other device.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from gateway.errors import GatewayError
from gateway.records import Actor, AuditTag
from gateway.records.events import Delivery, Event, Progress, Webhook
from gateway.services.acts import Act, Acts, Entry
from gateway.services.events import BATCH, Wanted, document, event_of, read, single
from gateway.services.ports import Clock, Store, Transaction
from gateway.services.retrying import tried
from gateway.services.webhook_signatures import headers

LEASE = timedelta(seconds=30)
"""How long one attempt may have a delivery in hand: three times what it may take."""

BACKLOG = 1_000
"""Deliveries to one webhook that wait at most; the rest waits in the trail."""

PARALLEL = 8
"""Attempts at one receiver at once."""

FAILING = timedelta(days=5)
"""After so long without one success a webhook is switched off."""

DELIVERED_KEPT, DEAD_KEPT = timedelta(days=3), timedelta(days=30)
GONE = 410
_SYSTEM = Actor("system", "webhook delivery")


@dataclass(frozen=True, slots=True)
class Errand:
    """One attempt: what is sent whither, and the delivery that it is for."""

    delivery: Delivery
    url: str
    allow_private: bool
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an attempt: HTTP status, 0 without an answer, and in words what went wrong."""

    delivery: Delivery
    status: int
    error: str

    @property
    def good(self) -> bool:
        return not self.error and 200 <= self.status < 300


class Deliveries:
    """What ``gateway.event_delivery`` does by hand of the store.

    Args:
        secrets: the secrets with which a webhook's deliveries are signed now, opened.
        share: draws from 0 to less than 1.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        secrets: Callable[[Webhook, datetime], Sequence[str]],
        share: Callable[[], float],
    ) -> None:
        self._store = store
        self._clock = clock
        self._acts = Acts(store, clock)
        self._secrets = secrets
        self._share = share
        self._seen: dict[str, tuple[object, int]] = {}

    def advance(self) -> int:
        """Put on its way what was committed since; returns how many deliveries that were."""
        with self._store.read() as transaction:
            present, enabled = transaction.places.present(), transaction.webhooks.enabled()
            behind = [each for each in enabled if self._has_more(transaction, each, present)]
        return sum(self._advance(each) for each in behind)

    def claim(self, busy: Mapping[str, int]) -> Sequence[Errand]:
        """Take in hand what is due.

        Args:
            busy: webhook to how many attempts at it are under way in this process.
        """
        with self._store.read() as transaction:
            waiting = [each for each in transaction.deliveries.waiting() if busy.get(each, 0) < PARALLEL]
            if not self._any_due(transaction, waiting):
                return ()
        with self._store.write() as transaction:
            return [
                errand
                for each in waiting
                for errand in self._claimed(transaction, each, PARALLEL - busy.get(each, 0))
            ]

    def finish(self, outcomes: Collection[Outcome]) -> None:
        """Write down what became of attempts; what an administrator did in the meantime stays."""
        disabled: list[tuple[str, str]] = []
        with self._store.write() as transaction:
            for outcome in outcomes:
                if why := self._finished(transaction, outcome):
                    disabled.append((outcome.delivery.webhook, why))
        for webhook, why in disabled:
            self._disable(webhook, why)

    def release(self, claimed: Collection[Delivery]) -> None:
        """Give back what was taken in hand and not sent: the process ends."""
        with self._store.write() as transaction:
            for each in claimed:
                kept = transaction.deliveries.get(each.webhook, each.event)
                if kept is not None and kept.claimed_until == each.claimed_until:
                    transaction.deliveries.save(replace(kept, claimed_until=None))

    def waiting(self) -> bool:
        """Whether anything waits for its next attempt."""
        with self._store.read() as transaction:
            return bool(transaction.deliveries.waiting())

    def prune(self) -> int:
        """Forget what ended long ago."""
        now = self._clock.now()
        with self._store.write() as transaction:
            kept = transaction.deliveries
            return kept.prune(Progress.DELIVERED, now - DELIVERED_KEPT) + kept.prune(
                Progress.DEAD, now - DEAD_KEPT
            )

    def _has_more(self, transaction: Transaction, webhook: Webhook, present: int) -> bool:
        """Most commits are nothing for a webhook: then nothing is written, and they are not read again."""
        place, known = (webhook.cursor, webhook.types), self._seen.get(webhook.id)
        begin = known[1] if known is not None and known[0] == place else webhook.cursor
        if begin >= present or _room(transaction, webhook) <= 0:
            return False
        found = read(transaction, begin, wanted_by(webhook), 1)
        if not found.events:
            self._seen[webhook.id] = (place, found.reached)
        return bool(found.events) or found.reached - webhook.cursor >= BATCH

    def _advance(self, webhook: Webhook) -> int:
        with self._store.write() as transaction:
            kept = transaction.webhooks.get(webhook.id)
            if kept is None or not kept.enabled:
                return 0
            return put_on_its_way(transaction, kept, self._clock.now())[1]

    def _any_due(self, transaction: Transaction, waiting: Sequence[str]) -> bool:
        now = self._clock.now()
        return any(transaction.deliveries.due(each, now, 1) for each in waiting)

    def _claimed(self, transaction: Transaction, webhook: str, room: int) -> Sequence[Errand]:
        now, found = self._clock.now(), transaction.webhooks.get(webhook)
        if found is None or not found.enabled:
            return ()
        errands = []
        for due in transaction.deliveries.due(webhook, now, room):
            record = single(transaction, due.event)
            if record is None:
                dead = replace(due, state=Progress.DEAD, ended_at=now, error="the record was archived")
                transaction.deliveries.save(dead)
                continue
            claimed = replace(due, claimed_until=now + LEASE)
            try:
                errands.append(self._errand(found, claimed, event_of(record), now))
            except GatewayError as error:  # the sealing secret: it may be mended, as a receiver may
                claimed = judged(due, Outcome(due, 0, error.public), now, self._share())
            transaction.deliveries.save(claimed)
        return errands

    def _errand(self, webhook: Webhook, delivery: Delivery, event: Event, now: datetime) -> Errand:
        body = json.dumps(document(event)).encode()
        signed = headers(event.id, now, body, self._secrets(webhook, now))
        return Errand(delivery, webhook.url, webhook.allow_private, signed, body)

    def _finished(self, transaction: Transaction, outcome: Outcome) -> str:
        """Why the webhook has to be switched off now, empty where it has not."""
        kept = transaction.deliveries.get(outcome.delivery.webhook, outcome.delivery.event)
        webhook = transaction.webhooks.get(outcome.delivery.webhook)
        if kept is None or webhook is None or kept.claimed_until != outcome.delivery.claimed_until:
            return ""
        now = self._clock.now()
        transaction.deliveries.save(judged(kept, outcome, now, self._share()))
        if outcome.good:
            if webhook.failing_since is not None:
                transaction.webhooks.save(replace(webhook, failing_since=None))
            return ""
        if webhook.failing_since is None:
            webhook = replace(webhook, failing_since=now)
            transaction.webhooks.save(webhook)
        return reason_to_stop(webhook, outcome.status, now)

    def _disable(self, webhook: str, why: str) -> None:
        with self._store.read() as transaction:
            found = transaction.webhooks.get(webhook)
        if found is None or not found.enabled:
            return

        def work(entry: Entry) -> None:
            kept = entry.transaction.webhooks.get(webhook)
            if kept is not None and kept.enabled:
                entry.transaction.webhooks.save(replace(kept, enabled=False, stopped=why))
                entry.record(before={"enabled": True}, after={"enabled": False, "why": why})

        self._acts.perform(Act(AuditTag.WEBHOOK_DISABLED, _SYSTEM, found.organisation, found.id, why), work)


def wanted_by(webhook: Webhook) -> Wanted:
    """The events that a webhook gets."""
    return Wanted(webhook.types, webhook.organisation or None)


def put_on_its_way(transaction: Transaction, webhook: Webhook, now: datetime) -> tuple[Webhook, int]:
    """Make deliveries of what happened since; the webhook at its new place, and how many they are."""
    room = _room(transaction, webhook)
    if room <= 0:
        return webhook, 0
    found = read(transaction, webhook.cursor, wanted_by(webhook), room)
    # A test of this webhook was put on its way by itself (``services.webhooks``).
    events = [
        each for each in found.events if (each.type, each.target) != (AuditTag.WEBHOOK_TESTED, webhook.id)
    ]
    transaction.deliveries.add_all(on_its_way(webhook, each, now) for each in events)
    moved = replace(webhook, cursor=found.reached)
    transaction.webhooks.save(moved)
    return moved, len(events)


def _room(transaction: Transaction, webhook: Webhook) -> int:
    return BACKLOG - transaction.deliveries.count(webhook.id, Progress.PENDING)


def on_its_way(webhook: Webhook, event: Event, now: datetime) -> Delivery:
    """An event at the beginning of its way."""
    return Delivery(webhook.id, event.sequence, event.type, lane_of(event), now, now)


def lane_of(event: Event) -> str:
    """Events of one lane keep their order; a digest, since a target may be longer than an index takes."""
    return hashlib.sha256(f"{event.organisation}/{event.target}".encode()).hexdigest()


def judged(delivery: Delivery, outcome: Outcome, now: datetime, share: float) -> Delivery:
    """A delivery after an attempt."""
    answered = replace(delivery, status=outcome.status)
    return tried(answered, now, share, outcome.error, good=outcome.good)


def reason_to_stop(webhook: Webhook, status: int, now: datetime) -> str:
    """Why a webhook whose delivery just failed is switched off, empty where it stays."""
    if status == GONE:
        return "The receiver says that it is gone for good (410)."
    if webhook.failing_since is not None and now - webhook.failing_since >= FAILING:
        return f"No delivery has succeeded for {FAILING.days} days."
    return ""

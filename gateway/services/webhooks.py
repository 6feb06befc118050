"""Webhooks as administrators see them (product 7.9): make, change, rotate the secret, replay, remove.

A secret is drawn here, shown once, and kept sealed (T28). A receiver within private networks takes a
permission for the whole gateway, and so does every change of a webhook that has one (T27): else whoever may
change a URL would have it too.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from gateway.errors import GatewayError, Kind, malformed
from gateway.records import Actor, AuditTag
from gateway.records.events import Delivery, Progress, Webhook
from gateway.records.targets import read_target
from gateway.services.acts import Act, Acts, Entry
from gateway.services.deliveries import on_its_way, put_on_its_way
from gateway.services.event_catalogue import CATALOGUE
from gateway.services.events import event_of, single
from gateway.services.ports import Clock, KeySource, Store
from gateway.services.sealing import Sealing, Seals
from gateway.services.sparse import Sparse
from gateway.services.webhook_signatures import new_secret

T = TypeVar("T")

MOST = 50
"""Webhooks of one organisation."""

LONGEST_DESCRIPTION = 256
OVERLAP = timedelta(hours=24)
"""How long both secrets sign after a rotation, unless another time is asked for."""

LONGEST_OVERLAP = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class WebhookChanges(Sparse):
    """What is to be so; None leaves it as it is."""

    url: str | None = None
    description: str | None = None
    types: tuple[AuditTag, ...] | None = None
    enabled: bool | None = None
    allow_private: bool | None = None


@dataclass(frozen=True, slots=True)
class Secreted:
    """A webhook with the secret that is shown this once."""

    webhook: Webhook
    secret: str = field(repr=False)


class Webhooks:
    """Use cases of webhooks; every method raises GatewayError, NOT_FOUND for one out of reach."""

    def __init__(self, store: Store, clock: Clock, keys: KeySource, sealing: Callable[[], Sealing]) -> None:
        self._store = store
        self._acts = Acts(store, clock)
        self._clock = clock
        self._keys = keys
        self._seals = Seals(sealing)

    def list(self, organisation: str) -> Sequence[Webhook]:
        """Those of the organisation with this id; of an empty one, the gateway's."""
        with self._store.read() as transaction:
            return transaction.webhooks.of(organisation)

    def get(self, organisation: str, webhook: str) -> Webhook:
        with self._store.read() as transaction:
            return _present(transaction.webhooks.get(webhook), organisation)

    def create(
        self, actor: Actor, organisation: str, changes: WebhookChanges, *, everywhere: bool = False
    ) -> Secreted:
        """Make one; it is told what happens from now on.

        Args:
            everywhere: whether ``actor`` may do this for the whole gateway.
        """
        identity, secret = self._keys.identity("w-"), self._drawn()

        def work(entry: Entry) -> Webhook:
            if len(entry.transaction.webhooks.of(organisation)) >= MOST:
                raise GatewayError(Kind.CONFLICT, f"There are {MOST} webhooks already.")
            blank = Webhook(
                identity,
                organisation,
                "",
                "",
                (),
                True,
                False,
                entry.transaction.places.present(),
                entry.now,
                secret=self._seals.seal(secret, _context(identity)),
            )
            made = _with(blank, changes, everywhere=everywhere)
            entry.transaction.webhooks.add(made)
            entry.record(after=shown(made))
            return made

        act = Act(AuditTag.WEBHOOK_CREATED, actor, organisation, identity)
        return Secreted(self._acts.perform(act, work), secret)

    def change(
        self, actor: Actor, organisation: str, webhook: str, changes: WebhookChanges, *, everywhere: bool
    ) -> Webhook:
        """Change what is named; one that is switched on again goes on where it was."""

        def work(entry: Entry) -> Webhook:
            before = _present(entry.transaction.webhooks.get(webhook), organisation)
            if changes.types not in (None, before.types) and before.enabled:
                # What happened until now goes by the types of then.
                before = put_on_its_way(entry.transaction, before, entry.now)[0]
            after = _with(before, changes, everywhere=everywhere)
            if after.enabled and not before.enabled:
                after = replace(after, stopped="", failing_since=None)
            if after != before:
                entry.transaction.webhooks.save(after)
                old, new = shown(before), shown(after)
                changed = [name for name in new if new[name] != old[name]]
                entry.record(
                    before={name: old[name] for name in changed}, after={name: new[name] for name in changed}
                )
            return after

        return self._perform(AuditTag.WEBHOOK_CHANGED, actor, organisation, webhook, work)

    def rotate(self, actor: Actor, organisation: str, webhook: str, overlap: timedelta = OVERLAP) -> Secreted:
        """Give it another secret; for ``overlap`` the former one signs too."""
        if not timedelta() <= overlap <= LONGEST_OVERLAP:
            raise GatewayError(Kind.MALFORMED, f"The overlap is at most {LONGEST_OVERLAP.days} days.")
        secret = self._drawn()

        def work(entry: Entry) -> Webhook:
            before = _present(entry.transaction.webhooks.get(webhook), organisation)
            until = entry.now + overlap
            after = replace(
                before,
                secret=self._seals.seal(secret, _context(webhook)),
                former=before.secret if overlap else None,
                former_until=until if overlap else None,
            )
            entry.transaction.webhooks.save(after)
            entry.record(after={"both_until": until.isoformat()})
            return after

        return Secreted(self._perform(AuditTag.WEBHOOK_ROTATED, actor, organisation, webhook, work), secret)

    def remove(self, actor: Actor, organisation: str, webhook: str) -> None:
        """Remove it with all that is on its way."""

        def work(entry: Entry) -> None:
            before = _present(entry.transaction.webhooks.get(webhook), organisation)
            entry.transaction.webhooks.remove(webhook)
            entry.record(before=shown(before))

        self._perform(AuditTag.WEBHOOK_REMOVED, actor, organisation, webhook, work)

    def deliveries(
        self,
        organisation: str,
        webhook: str,
        *,
        states: Collection[Progress] = (),
        before: int = 0,
        limit: int = 100,
    ) -> Sequence[Delivery]:
        """What is and was on its way, the youngest event first."""
        with self._store.read() as transaction:
            _present(transaction.webhooks.get(webhook), organisation)
            return transaction.deliveries.list(webhook, states=states, before=before, limit=limit)

    def replay(self, actor: Actor, organisation: str, webhook: str, after: int) -> Webhook:
        """Send everything once more that happened after the record with this number."""

        def work(entry: Entry) -> Webhook:
            before = _present(entry.transaction.webhooks.get(webhook), organisation)
            if after > entry.transaction.places.present():
                raise malformed("after", "There is no such record yet.")
            changed = replace(before, cursor=after)
            entry.transaction.deliveries.forget(webhook, after)
            entry.transaction.webhooks.save(changed)
            entry.record(before={"cursor": before.cursor}, after={"cursor": after})
            return changed

        return self._perform(AuditTag.WEBHOOK_REPLAYED, actor, organisation, webhook, work)

    def revive(self, actor: Actor, organisation: str, webhook: str, event: int | None = None) -> int:
        """Send once more what is dead, or one delivery in whatever state; returns how many."""

        def work(entry: Entry) -> int:
            _present(entry.transaction.webhooks.get(webhook), organisation)
            kept = entry.transaction.deliveries
            if event is None:
                count = kept.revive(webhook, entry.now)
            else:
                found = kept.get(webhook, event)
                if found is None:
                    raise GatewayError(Kind.NOT_FOUND, "There is no such delivery.")
                kept.save(_anew(found, entry.now))
                count = 1
            entry.record(after={"deliveries": count} | ({} if event is None else {"event": event}))
            return count

        return self._perform(AuditTag.WEBHOOK_REPLAYED, actor, organisation, webhook, work)

    def test(self, actor: Actor, organisation: str, webhook: str) -> Delivery:
        """Put an event on its way to this webhook alone, whatever types it gets."""

        def work(entry: Entry) -> Delivery:
            found = _present(entry.transaction.webhooks.get(webhook), organisation)
            if not found.enabled:
                raise GatewayError(Kind.CONFLICT, "It is switched off.")
            entry.record()
            record = single(entry.transaction, entry.transaction.places.present())
            if record is None:
                raise GatewayError(Kind.INTERNAL)
            delivery = on_its_way(found, event_of(record), entry.now)
            # Whether it gets such events by itself is nobody's matter here: it must not be sent twice.
            entry.transaction.deliveries.add_all([delivery])
            return delivery

        return self._perform(AuditTag.WEBHOOK_TESTED, actor, organisation, webhook, work)

    def secrets(self, webhook: Webhook, now: datetime) -> Sequence[str]:
        """With what its deliveries are signed now; UNAVAILABLE or CONFLICT when they cannot be opened."""
        sealed = [webhook.secret]
        if webhook.former is not None and webhook.former_until is not None and now < webhook.former_until:
            sealed.append(webhook.former)
        return [self._seals.open(each, _context(webhook.id)) for each in sealed]

    def _perform(
        self, tag: AuditTag, actor: Actor, organisation: str, webhook: str, work: Callable[[Entry], T]
    ) -> T:
        return self._acts.perform(Act(tag, actor, organisation, webhook), work)

    def _drawn(self) -> str:
        return new_secret(self._keys.identity("") + self._keys.identity(""))


def shown(webhook: Webhook) -> dict[str, Any]:
    """A webhook as the audit trail shows it."""
    return {
        "url": webhook.url,
        "description": webhook.description,
        "types": [tag.value for tag in webhook.types],
        "enabled": webhook.enabled,
        "allow_private": webhook.allow_private,
    }


def _present(found: Webhook | None, organisation: str) -> Webhook:
    if found is None or found.organisation != organisation:
        raise GatewayError(Kind.NOT_FOUND, "There is no such webhook.")
    return found


def _anew(delivery: Delivery, now: datetime) -> Delivery:
    return replace(
        delivery,
        state=Progress.PENDING,
        attempts=0,
        created_at=now,
        next_at=now,
        claimed_until=None,
        ended_at=None,
    )


def _with(webhook: Webhook, changes: WebhookChanges, *, everywhere: bool) -> Webhook:
    after = replace(webhook, **changes.given())
    if (after.allow_private or webhook.allow_private) and not everywhere:
        raise GatewayError(
            Kind.FORBIDDEN, "A receiver within private networks needs the permission for the whole gateway."
        )
    faults = _faults(after)
    if faults:
        raise GatewayError(Kind.MALFORMED, "Such a webhook is not possible.", faults=faults)
    return replace(after, types=tuple(dict.fromkeys(after.types)))


def _faults(webhook: Webhook) -> dict[str, str]:
    faults = {}
    try:
        read_target(webhook.url, allow_private=webhook.allow_private)
    except ValueError as error:
        faults["url"] = str(error)
    if len(webhook.description) > LONGEST_DESCRIPTION or not webhook.description.isprintable():
        faults["description"] = f"At most {LONGEST_DESCRIPTION} characters, without control characters."
    if not set(webhook.types) <= set(CATALOGUE):
        faults["types"] = "Only what is in the catalogue of events is told."
    return faults


def _context(webhook: str) -> str:
    return f"webhook/{webhook}"

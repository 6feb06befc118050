"""The mails that tell of events (product 7.9): who is told what, how many at most, and what becomes of each.

As with webhooks the trail is the queue, and a letter is claimed under the writers' lock. What would be more
than so many mails an hour to one address is held back and told in one summary: a flood must not hide the mail
that counts. What is older than a day is told to nobody; a mail about last year helps nobody.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from gateway.records import AuditRecord
from gateway.records.authority import Permission, Reach, reach_of
from gateway.records.events import (
    Event,
    Facts,
    Letter,
    LetterKind,
    Message,
    NoticeKind,
    Progress,
    Sent,
)
from gateway.services.event_catalogue import NOTICES
from gateway.services.events import BATCH, Wanted, event_of, read, single
from gateway.services.partnerships import look_up
from gateway.services.ports import Clock, Store, Transaction
from gateway.services.retrying import tried
from mdm.device import DeviceKey

READER = "mail"
LEASE = timedelta(minutes=5)
"""How long one process may have letters in hand: longer than so many take with a server that is slow at every
step."""

AT_ONCE = 5
TOLD_IN_SUMMARY = 50
STALE = timedelta(hours=24)
HOUR = timedelta(hours=1)
KEPT = timedelta(days=14)
TELLING = Wanted(types=frozenset(NOTICES))


class Letters:
    """What ``gateway.mail_delivery`` does by hand of the store.

    Args:
        per_hour: mails to one address.
        share: draws from 0 to less than 1.
    """

    def __init__(self, store: Store, clock: Clock, share: Callable[[], float], *, per_hour: int) -> None:
        self._store = store
        self._clock = clock
        self._share = share
        self._per_hour = per_hour
        self._seen: tuple[int, int] = (-1, 0)

    def advance(self) -> int:
        """Write letters about what was committed since; returns how many, those held back included."""
        if not self._has_more():
            return 0
        with self._store.write() as transaction:
            place = self._place(transaction)
            found = read(transaction, place, TELLING, BATCH)
            written = sum(self._told(transaction, event) for event in found.events)
            transaction.places.put(READER, found.reached)
            return written

    def summarise(self) -> int:
        """Write the summaries whose time has come; returns how many."""
        now = self._clock.now()
        with self._store.read() as transaction:
            addresses = self._free_again(transaction, transaction.letters.held_addresses(), now)
        if not addresses:
            return 0
        with self._store.write() as transaction:
            waiting = set(transaction.letters.held_addresses()) & set(addresses)
            for address in sorted(waiting):
                summary = transaction.letters.add(Letter("", address, LetterKind.SUMMARY, now, now))
                transaction.letters.summarise(address, summary.id)
        return len(waiting)

    def claim(self) -> Sequence[Message]:
        """Take in hand what is due."""
        now = self._clock.now()
        with self._store.read() as transaction:
            if not transaction.letters.due(now, 1):
                return ()
        with self._store.write() as transaction:
            found = (self._claimed(transaction, each, now) for each in transaction.letters.due(now, AT_ONCE))
            return [each for each in found if each is not None]

    def finish(self, results: Collection[Sent]) -> None:
        """Write down what became of letters."""
        now = self._clock.now()
        with self._store.write() as transaction:
            for result in results:
                good, share = not result.error, self._share()
                letter = tried(result.letter, now, share, result.error, good=good, final=result.final)
                transaction.letters.save(letter)

    def prune(self) -> int:
        """Forget what ended long ago."""
        with self._store.write() as transaction:
            return transaction.letters.prune(self._clock.now() - KEPT)

    def _has_more(self) -> bool:
        with self._store.read() as transaction:
            kept = transaction.places.get(READER)
            place = transaction.places.present() if kept is None else kept
            begin = self._seen[1] if self._seen[0] == place else place
            found = read(transaction, begin, TELLING, 1)
        if not found.events:
            self._seen = (place, found.reached)
        return kept is None or bool(found.events) or found.reached - place >= BATCH

    def _place(self, transaction: Transaction) -> int:
        """Nobody is told what happened before there was anybody to tell."""
        kept = transaction.places.get(READER)
        return transaction.places.present() if kept is None else kept

    def _told(self, transaction: Transaction, event: Event) -> int:
        now = self._clock.now()
        if now - event.at > STALE:
            return 0
        notice = NOTICES[event.type]
        addresses = sorted(set(recipients(transaction, notice, event)))
        for address in addresses:
            full = transaction.letters.counted(address, now - HOUR) >= self._per_hour
            transaction.letters.add(
                Letter(
                    event.organisation if _exists(transaction, event.organisation) else "",
                    address,
                    LetterKind.EVENT,
                    now,
                    now,
                    notice,
                    event.sequence,
                    Progress.HELD if full else Progress.PENDING,
                )
            )
        return len(addresses)

    def _free_again(self, transaction: Transaction, addresses: Iterable[str], now: datetime) -> list[str]:
        letters = transaction.letters
        return [each for each in addresses if letters.counted(each, now - HOUR) < self._per_hour]

    def _claimed(self, transaction: Transaction, letter: Letter, now: datetime) -> Message | None:
        claimed = replace(letter, claimed_until=now + LEASE)
        message = message_of(transaction, claimed)
        if message is None:
            claimed = replace(letter, state=Progress.DEAD, ended_at=now, error="the record was archived")
        transaction.letters.save(claimed)
        return message


def recipients(transaction: Transaction, notice: NoticeKind, event: Event) -> Iterable[str]:
    """Who is told of an event: subscribers, and of an order to approve everybody who may approve it."""
    for each in transaction.subscriptions.all():
        if notice in each.kinds and each.organisation in ("", event.organisation):
            yield each.address
    if notice is NoticeKind.APPROVAL:
        for administrator in transaction.administrators.list():
            asked = administrator.name == event.actor_name
            if administrator.enabled and administrator.address and not asked:
                reach = reach_of(administrator.appointments, Permission.WIPE_APPROVE)
                if _reaches(transaction, reach, event):
                    yield administrator.address


def _reaches(transaction: Transaction, reach: Reach, event: Event) -> bool:
    """Whether the owner of the device that an event is about is within reach; one who is gone is the
    organisation's."""
    if reach.whole(event.organisation) or not reach:
        return bool(reach)
    user = transaction.directory.user(event.device[0]) if event.device else None
    if user is None:
        return False
    around = [group.id for group in transaction.directory.groups_of(user.id)]
    return reach.person(user.organisation, user.address.rpartition("@")[2], around)


def message_of(transaction: Transaction, letter: Letter) -> Message | None:
    """A letter with its facts; None where its record is gone."""
    if letter.kind is LetterKind.TEST:
        return Message(letter)
    if letter.kind is LetterKind.EVENT:
        record = single(transaction, letter.event)
        return None if record is None else Message(letter, (facts_of(transaction, record, letter.notice),))
    held = transaction.letters.told_in(letter.id, BATCH)
    records = ((single(transaction, each.event), each.notice) for each in held[:TOLD_IN_SUMMARY])
    facts = tuple(facts_of(transaction, record, notice) for record, notice in records if record is not None)
    return Message(letter, facts, max(0, len(held) - TOLD_IN_SUMMARY))


def facts_of(transaction: Transaction, record: AuditRecord, notice: NoticeKind | None) -> Facts:
    """What is told of a record, with the names that people know things by now."""
    event = event_of(record)
    user_id, device_id = event.device or ("", "")
    home = transaction.directory.organisation(event.organisation) if event.organisation else None
    user = transaction.directory.user(user_id) if user_id else None
    device = (
        look_up(transaction.devices, DeviceKey(event.organisation, user_id, device_id)) if user_id else None
    )
    information = device.information if device else None
    return Facts(
        notice or NOTICES[event.type],
        event.title,
        event.at,
        event=event.id,
        organisation=home.name if home else "",
        target=event.target,
        user=user.address if user else "",
        device=(device.alias or (information.friendly_name if information else "") or "") if device else "",
        device_id=device_id,
        model=(information.model or "") if information else "",
        actor=event.actor_name,
        reason=event.reason or _why(event),
    )


def _why(event: Event) -> str:
    """What a record says in its values where its act had no reason."""
    for name in ("why", "reason", "words", "diagnosis", "access_reason"):
        if isinstance(found := event.after.get(name), str) and found:
            return found
    return ""


def _exists(transaction: Transaction, organisation: str) -> bool:
    return bool(organisation) and transaction.directory.organisation(organisation) is not None

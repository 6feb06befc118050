"""Subscriptions to mail notices (product 7.9): which address is told what, of an organisation or of the whole
gateway, and a mail to try it with.
"""

from collections.abc import Sequence
from dataclasses import replace

from gateway.errors import GatewayError, Kind, malformed
from gateway.records import Actor, AuditTag
from gateway.records.events import Letter, LetterKind, NoticeKind, Subscription
from gateway.services.acts import Act, Acts, Entry
from gateway.services.names import require_address
from gateway.services.ports import Clock, Store

MOST = 50
"""Addresses of one organisation."""

RECENT = 100


class Notices:
    """Use cases of notices; an empty organisation is the whole gateway."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._acts = Acts(store, clock)

    def list(self, organisation: str) -> Sequence[Subscription]:
        """By address."""
        with self._store.read() as transaction:
            return transaction.subscriptions.of(organisation)

    def put(self, actor: Actor, organisation: str, address: str, kinds: Sequence[NoticeKind]) -> Subscription:
        """Let an address be told these kinds and no others.

        Raises:
            GatewayError: MALFORMED for no address or no kind; CONFLICT when there are too many.
        """
        if not kinds:
            raise malformed("kinds", "At least one kind is needed; who is to be told nothing is removed.")
        wanted = Subscription(organisation, readable(address), tuple(dict.fromkeys(kinds)))

        def work(entry: Entry) -> Subscription:
            rows = entry.transaction.subscriptions
            there = rows.of(organisation)
            before = next((each for each in there if each.address == wanted.address), None)
            if before is None and len(there) >= MOST:
                raise GatewayError(Kind.CONFLICT, f"There are {MOST} addresses already.")
            if before != wanted:
                rows.put(wanted)
                entry.record(before=_told(before), after=_told(wanted))
            return wanted

        return self._acts.perform(Act(AuditTag.NOTICES_CHANGED, actor, organisation, wanted.address), work)

    def remove(self, actor: Actor, organisation: str, address: str) -> None:
        """Tell an address nothing any longer; GatewayError NOT_FOUND for one that is told nothing."""

        def work(entry: Entry) -> None:
            before = self._present(entry, organisation, address)
            entry.transaction.subscriptions.remove(organisation, address)
            entry.record(before=_told(before))

        self._acts.perform(Act(AuditTag.NOTICES_CHANGED, actor, organisation, address), work)

    def test(self, actor: Actor, organisation: str, address: str) -> Letter:
        """Put a mail on its way to an address that is told something: to others nobody sends from here."""

        def work(entry: Entry) -> Letter:
            self._present(entry, organisation, address)
            entry.record()
            letter = Letter(organisation, address, LetterKind.TEST, entry.now, entry.now)
            return entry.transaction.letters.add(letter)

        return self._acts.perform(Act(AuditTag.NOTICE_TESTED, actor, organisation, address), work)

    def letters(self, organisation: str) -> Sequence[Letter]:
        """The youngest mails, and what became of them."""
        with self._store.read() as transaction:
            return transaction.letters.recent(organisation, RECENT)

    def _present(self, entry: Entry, organisation: str, address: str) -> Subscription:
        for each in entry.transaction.subscriptions.of(organisation):
            if each.address == address:
                return replace(each)
        raise GatewayError(Kind.NOT_FOUND, "This address is told nothing.")


def readable(address: str) -> str:
    """An address that a mail can be sent to; GatewayError MALFORMED for any other text."""
    found = require_address(address)
    if not found.isascii() or not found.isprintable():
        raise malformed("address", "A mail address here is of ASCII.")
    return found


def _told(subscription: Subscription | None) -> dict[str, list[str]]:
    return {"kinds": [kind.value for kind in subscription.kinds]} if subscription else {}

"""Last contacts on their way to the database (house.md 4a): at once to the device, a minute late to the list.

The device's own row is what decisions and its page read. The list's row (docs/decisions/0027) only sorts and
filters by it, and a phone that syncs every few seconds need not be written there each time: that would cost
each proxied request a second row.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from operator import attrgetter

from gateway.records import Contact
from gateway.services.ports import Clock, Store

LISTED_EVERY = timedelta(minutes=1)
WAITING = 50_000
"""Contacts that wait for the list at most: some 15 MiB."""

PAGE = 1000
"""Rows of the list that one transaction writes, so that nobody else waits for long."""

_Place = tuple[str, str, str, bool]


class Contacts:
    """Writes batches of contacts, one batch at a time."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._waiting: dict[_Place, Contact] = {}
        self._listed_at: datetime | None = None

    def write(self, contacts: Iterable[Contact]) -> None:
        """Write a batch; not a change of state, so the trail has none of it."""
        batch = list(contacts)
        if not batch:
            return
        self._waiting |= {_place(contact): contact for contact in batch}
        with self._store.write() as transaction:
            transaction.devices.touch(batch)
        now = self._clock.now()
        if self._is_due(now):
            self._list(sorted(self._waiting.values(), key=attrgetter("at")))
            self._waiting, self._listed_at = {}, now

    def _list(self, contacts: Sequence[Contact]) -> None:
        for start in range(0, len(contacts), PAGE):
            with self._store.write() as transaction:
                transaction.devices.list_contacts(contacts[start : start + PAGE])

    def _is_due(self, now: datetime) -> bool:
        late = self._listed_at is None or not timedelta() <= now - self._listed_at < LISTED_EVERY
        return late or len(self._waiting) > WAITING


def _place(contact: Contact) -> _Place:
    """The last one of each device, and the last one that synchronised."""
    return contact.organisation, contact.user, contact.device_id, contact.synced

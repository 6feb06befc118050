"""Mailboxes in memory: folders, items, and what each device has seen of them (MS-ASCMD 3.1.5, Sync keys).

A device's view of a folder is a SyncKey with the revision of every item that it was told of. The view
before the last one is kept, because a device that missed an answer asks again with the key before.
"""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

INBOX = "1"
SENT = "2"
CALENDAR = "3"
CONTACTS = "4"


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail; ``text`` is its plain body."""

    sender: str
    to: str
    subject: str
    text: str
    date: datetime
    read: bool = False


@dataclass(frozen=True, slots=True)
class Appointment:
    """A calendar entry."""

    subject: str
    location: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Person:
    """A contact."""

    first: str
    last: str
    address: str
    phone: str


Item = Letter | Appointment | Person


@dataclass(frozen=True, slots=True)
class Change:
    """What one view has to learn: ``item`` None for an item that is gone."""

    server_id: str
    item: Item | None
    new: bool


class Collection:
    """A folder: items by ServerId, each with the revision of its last change.

    Attributes:
        kind: FolderHierarchy Type.
    """

    def __init__(self, server_id: str, name: str, kind: int) -> None:
        self.server_id = server_id
        self.name = name
        self.kind = kind
        self.items: dict[str, tuple[int, Item]] = {}
        self._revision = 0

    def put(self, item: Item, server_id: str | None = None) -> str:
        """Add an item, or replace the one with this ServerId; returns its ServerId."""
        self._revision += 1
        where = server_id or f"{self.server_id}:{self._revision}"
        self.items[where] = (self._revision, item)
        return where

    def remove(self, server_id: str) -> bool:
        return self.items.pop(server_id, None) is not None


@dataclass(slots=True)
class View:
    """What one device knows of one folder.

    Attributes:
        number: the SyncKey in force; 0 before the first.
        known: ServerId to revision. before: the same at the key before, for a repeated request.
    """

    number: int = 0
    known: dict[str, int] = field(default_factory=dict)
    before: dict[str, int] = field(default_factory=dict)

    def accept(self, key: str) -> bool:
        """Whether ``key`` is a key to go on from; a key 0 starts over, the key before goes one step back."""
        if key == "0":
            self.known, self.before = {}, {}
            return True
        if key == str(self.number - 1) and self.number > 1:
            self.known = dict(self.before)
            self.number -= 1
            return True
        return self.number > 0 and key == str(self.number)

    def step(self) -> str:
        """A new key, from which the present knowledge counts."""
        self.number += 1
        return str(self.number)

    def pending(self, collection: Collection) -> Iterator[Change]:
        """What this device was not told yet."""
        for server_id, (revision, item) in collection.items.items():
            seen = self.known.get(server_id)
            if seen != revision:
                yield Change(server_id, item, seen is None)
        for server_id in self.known.keys() - collection.items.keys():
            yield Change(server_id, None, False)

    def tell(self, collection: Collection, window: int) -> tuple[list[Change], bool]:
        """Up to ``window`` changes, which count as known from now on; and whether more are left."""
        self.before = dict(self.known)
        changes = list(self.pending(collection))
        for change in changes[:window]:
            if change.item is None:
                del self.known[change.server_id]
            else:
                self.known[change.server_id] = collection.items[change.server_id][0]
        return changes[:window], len(changes) > window


class Mailbox:
    """One user's folders and every device's views; a change wakes whoever waits."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.collections = {
            one.server_id: one
            for one in (
                Collection(INBOX, "Inbox", 2),
                Collection(SENT, "Sent", 5),
                Collection(CALENDAR, "Calendar", 8),
                Collection(CONTACTS, "Contacts", 9),
            )
        }
        self._views: dict[tuple[str, str], View] = {}
        self._changed = asyncio.Event()

    def view(self, device: str, collection: str) -> View:
        return self._views.setdefault((device, collection), View())

    def changed(self) -> None:
        """Wake every long poll of this mailbox."""
        self._changed.set()
        self._changed = asyncio.Event()

    def next_change(self) -> asyncio.Event:
        """Set at the next change."""
        return self._changed

    def news(self, device: str, collections: Iterable[str]) -> list[str]:
        """Those of the folders about which this device has something to learn."""
        return [one for one in collections if any(self.view(device, one).pending(self.collections[one]))]


class PostOffice:
    """The mailboxes of all users; mail to anybody else is taken and forgotten."""

    def __init__(self, addresses: Iterable[str]) -> None:
        self.mailboxes = {address.lower(): Mailbox(address.lower()) for address in addresses}

    def deliver(self, letter: Letter, recipients: Iterable[str]) -> int:
        """Put a letter into the inbox of each recipient who lives here; how many those were."""
        homes = {one.lower() for one in recipients} & self.mailboxes.keys()
        for home in homes:
            self.mailboxes[home].collections[INBOX].put(letter)
            self.mailboxes[home].changed()
        return len(homes)

    def keep_copy(self, letter: Letter, sender: str) -> None:
        """Put a letter into the sender's Sent folder."""
        self.mailboxes[sender].collections[SENT].put(letter)
        self.mailboxes[sender].changed()

"""Whose configuration profile is fetched, and one-time links to it (spec/autodiscover.md 11).

A link stands for its user until it is used or expires, so it is 256 bits of chance, kept as a digest alone:
whoever reads the database gets no link out of it. Looking at a link does not use it up; only taking it
does, which is recorded. The profile holds no password: a stolen link shows server names and an address.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.errors import GatewayError, Kind, malformed
from gateway.records import Actor, AuditRecord, AuditTag, User, UserState
from gateway.services.acts import Act, Acts, Entry
from gateway.services.ports import Clock, KeySource, Store, Transaction
from gateway.services.users import find_user

LINK_PATH = "/mobileconfig/"
PAGE_PATH = "/email.mobileconfig"
VALID_S = 3600
"""Seconds for which a link is good: to walk over to the device, not to lie in a mailbox."""

MINIMUM_VALID_S, MAXIMUM_VALID_S = 60, 7 * 24 * 3600
TOKEN = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Link:
    """A fresh link; ``url`` is shown this once and nowhere kept."""

    url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Whose profile it is, in the ids that discovery wants (``services.discovery.Signed``)."""

    organisation: str
    user: str
    address: str
    provider: str


class Profiles:
    """Links, and the persons behind them."""

    def __init__(self, store: Store, clock: Clock, keys: KeySource, origin: str) -> None:
        """``origin`` is the public ``https://`` address that links begin with."""
        self._store = store
        self._acts = Acts(store, clock)
        self._clock = clock
        self._keys = keys
        self._origin = origin

    @property
    def page(self) -> str:
        """Where somebody signs in with the mail password and gets the own profile."""
        return f"{self._origin}{PAGE_PATH}"

    def link(self, actor: Actor, id_or_address: str, valid_s: int = VALID_S) -> Link:
        """Make a link; those that expired are removed on this occasion.

        Raises:
            GatewayError: NOT_FOUND, MALFORMED for a time out of bounds, CONFLICT for a disabled user.
        """
        if not MINIMUM_VALID_S <= valid_s <= MAXIMUM_VALID_S:
            raise malformed("valid_s", f"Between {MINIMUM_VALID_S} and {MAXIMUM_VALID_S} seconds.")
        token = self._keys.identity("") + self._keys.identity("")
        with self._store.read() as transaction:
            known = find_user(transaction, id_or_address)

        def work(entry: Entry) -> Link:
            user = find_user(entry.transaction, known.id)
            if user.state is not UserState.ENABLED:
                raise GatewayError(Kind.CONFLICT, "The user is disabled.")
            expires_at = entry.now + timedelta(seconds=valid_s)
            entry.transaction.profile_links.prune(entry.now)
            entry.transaction.profile_links.add(_digest(token), user.id, expires_at)
            entry.record(after={"address": user.address, "expires_at": expires_at.isoformat()})
            return Link(f"{self._origin}{LINK_PATH}{token}", expires_at)

        return self._acts.perform(
            Act(AuditTag.PROFILE_LINK_CREATED, actor, known.organisation, known.id), work
        )

    def signed(self, user: str) -> Fetcher | None:
        """The person who signed in; None for one who has been removed or disabled since."""
        with self._store.read() as transaction:
            return _fetcher(transaction, transaction.directory.user(user))

    def behind(self, token: str) -> Fetcher | None:
        """Whose link this is, without using it up; None for none, a used and an expired one."""
        with self._store.read() as transaction:
            user = transaction.profile_links.find(_digest(token), self._clock.now())
            return _fetcher(transaction, transaction.directory.user(user)) if user is not None else None

    def take(self, token: str, fetcher: Fetcher, source: str, user_agent: str) -> bool:
        """Use the link up; False when somebody else was first."""
        now = self._clock.now()
        with self._store.write() as transaction:
            if transaction.profile_links.take(_digest(token), now) != fetcher.user:
                return False
            record = AuditRecord(
                tag=AuditTag.PROFILE_LINK_USED,
                at=now,
                actor=Actor("user", fetcher.address, source, user_agent),
                organisation=fetcher.organisation,
                target=fetcher.user,
                after={"address": fetcher.address},
            )
            transaction.audit.append(record)
        return True


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("ascii")).hexdigest()


def _fetcher(transaction: Transaction, user: User | None) -> Fetcher | None:
    organisation = transaction.directory.organisation(user.organisation) if user is not None else None
    if user is None or organisation is None or user.state is not UserState.ENABLED:
        return None
    return Fetcher(organisation.id, user.id, user.address, organisation.name)

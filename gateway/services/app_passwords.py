"""App passwords (product 7.8; T1, T2, T29): what a phone shows instead of its user's password.

A hundred bits of chance, so a plain digest keeps one and guessing is hopeless. It belongs to the first
DeviceId that uses it: what is copied from a phone opens nothing elsewhere. AutoDiscover tells no DeviceId and
answers to it at any time. The mail server has never heard of it, so there are app passwords only where that
one is told who somebody is (``credentials = "trusted"``) and never shown what they typed.

With a new password of the user all of them end (``users``): whoever knew the old one may have made some.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.errors import GatewayError, Kind, malformed
from gateway.records import Actor, AuditTag, Scope, User
from gateway.records.app_passwords import APP_PASSWORD, AppPassword
from gateway.services.acts import Act, Acts, Entry
from gateway.services.drawn_secrets import app_password_digest, draw_app_password
from gateway.services.names import require_text
from gateway.services.partnerships import device_actor
from gateway.services.ports import Clock, KeySource, Store
from gateway.services.routing import backend_for
from gateway.services.tenants import found
from gateway.services.users import find_user
from mdm.device import DeviceKey

MAXIMUM = 20
"""App passwords of one user: more than anybody has phones and mail programs."""

LABEL_LIMIT = 64
LONGEST = timedelta(days=731)

NOT_FORWARDED = (
    "App passwords do not work here: the mail server asks for the real password, and an app password is "
    "known to the gateway alone."
)


@dataclass(frozen=True, slots=True)
class Fresh:
    """A new one; ``secret`` is shown this once and nowhere kept."""

    made: AppPassword
    secret: str


class AppPasswords:
    """App passwords of all users.

    Args:
        trusted: names of the backends that are told who somebody is and shown no password.
    """

    def __init__(self, store: Store, clock: Clock, keys: KeySource, trusted: Collection[str]) -> None:
        self._store = store
        self._clock = clock
        self._keys = keys
        self._trusted = frozenset(trusted)
        self._acts = Acts(store, clock)

    def obstacle(self, id_or_address: str) -> str:
        """Why the user can have none, in words; empty where nothing is in the way."""
        with self._store.read() as transaction:
            user = find_user(transaction, id_or_address)
            home = found(transaction, user.organisation)
            usable = backend_for(transaction.directory, home, user) in self._trusted
        return "" if usable else NOT_FORWARDED

    def list(self, id_or_address: str) -> Sequence[AppPassword]:
        """The user's, the oldest first; NOT_FOUND without the user."""
        with self._store.read() as transaction:
            return transaction.app_passwords.of(find_user(transaction, id_or_address).id)

    def make(self, actor: Actor, user: str, label: str, expires_at: datetime | None = None) -> Fresh:
        """Make one for the user with this id.

        Raises:
            GatewayError: MALFORMED for a label or an end that cannot be; CONFLICT where none would work, and
                for one too many.
        """
        obstacle = self.obstacle(user)
        secret, identity = draw_app_password(self._keys), self._keys.identity(APP_PASSWORD)

        def work(entry: Entry) -> Fresh:
            owner = find_user(entry.transaction, user)
            if obstacle:
                raise GatewayError(Kind.CONFLICT, obstacle)
            made = _new(entry, owner, identity, label, app_password_digest(secret), expires_at)
            entry.transaction.app_passwords.add(made)
            entry.record(after=shown(made))
            return Fresh(made, secret)

        return self._acts.perform(self._act(AuditTag.APP_PASSWORD_MADE, actor, user), work)

    def revoke(self, actor: Actor, user: str, identity: str, reason: str = "") -> None:
        """Take one back: it is worth nothing on the next request, and what waits with it is cut.

        Raises:
            GatewayError: NOT_FOUND for no user, and for one that is not the user's.
        """

        def work(entry: Entry) -> None:
            owner = find_user(entry.transaction, user)
            gone = [each for each in entry.transaction.app_passwords.of(owner.id) if each.id == identity]
            if not entry.transaction.app_passwords.remove(owner.id, identity):
                raise GatewayError(Kind.NOT_FOUND, "There is no such app password.")
            entry.record(before=shown(gone[0]) if gone else {})
            entry.announce(Scope.USER, owner.organisation, owner.id)

        self._acts.perform(self._act(AuditTag.APP_PASSWORD_REVOKED, actor, user, reason), work)

    def verify(
        self, user: User | None, backend: str, password: str, device_id: str = "", source: str = ""
    ) -> AppPassword | None:
        """The user's app password that this is, bound to ``device_id`` if it was nobody's; else None.

        It may be another device's: whoever asks compares ``device_id`` with the one that it is bound to.
        """
        digest = app_password_digest(password)
        with self._store.read() as transaction:
            known = transaction.app_passwords.find(user.id if user else "", digest)
        usable = known is not None and backend in self._trusted and not _expired(known, self._clock.now())
        if user is None or known is None or not usable:
            return None
        return known if known.device_id or not device_id else self._bound(user, known, device_id, source)

    def used(self, identity: str) -> None:
        """Note that it was used just now, to the minute."""
        with self._store.write() as transaction:
            transaction.app_passwords.used(identity, self._clock.now())

    def alive(self, identities: Collection[str]) -> frozenset[str]:
        """Those of them that are still worth something."""
        with self._store.read() as transaction:
            return transaction.app_passwords.alive(identities, self._clock.now())

    def _bound(self, user: User, known: AppPassword, device_id: str, source: str) -> AppPassword | None:
        actor = device_actor(DeviceKey(user.organisation, user.id, device_id), source)
        act = Act(AuditTag.APP_PASSWORD_BOUND, actor, user.organisation, user.id)

        def work(entry: Entry) -> AppPassword | None:
            bound = entry.transaction.app_passwords.bind(known.id, device_id)
            if bound is not None and bound.device_id == device_id:
                entry.record(before=shown(known), after=shown(bound))
            return bound

        return self._acts.perform(act, work)

    def _act(self, tag: AuditTag, actor: Actor, id_or_address: str, reason: str = "") -> Act:
        with self._store.read() as transaction:
            user = find_user(transaction, id_or_address)
        return Act(tag, actor, user.organisation, user.id, reason)


def shown(made: AppPassword) -> dict[str, str]:
    """An app password as the trail shows it."""
    ends = made.expires_at.isoformat() if made.expires_at else ""
    return {"app_password": made.id, "label": made.label, "device_id": made.device_id, "expires_at": ends}


def _new(
    entry: Entry, owner: User, identity: str, label: str, digest: str, expires_at: datetime | None
) -> AppPassword:
    tidy = require_text("label", label, LABEL_LIMIT)
    if expires_at is not None and not entry.now < expires_at <= entry.now + LONGEST:
        raise malformed("expires_at", f"Later than now, within {LONGEST.days} days.")
    if len(entry.transaction.app_passwords.of(owner.id)) >= MAXIMUM:
        raise GatewayError(Kind.CONFLICT, f"You have {MAXIMUM} app passwords: revoke one first.")
    return AppPassword(identity, owner.organisation, owner.id, tidy, digest, entry.now, expires_at)


def _expired(known: AppPassword, now: datetime) -> bool:
    return known.expires_at is not None and now >= known.expires_at

"""Sessions at the self-service page (product 7.8; T24): a secret of its own kind, ended by idleness, by time,
by signing out, by a new password and with the user's account.

It is drawn when the password was right, so none that somebody brought along becomes one. It opens nothing of
an administrator's, and no administrator's opens it: the tables, the prefixes and the cookies differ.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.errors import GatewayError, Kind
from gateway.records import Actor, AuditTag, Organisation, User, UserState
from gateway.records.app_passwords import SELF_SESSION, SelfSession
from gateway.services.acts import Act, Acts, Entry
from gateway.services.drawn_secrets import SELF, digest_of, draw_token
from gateway.services.ports import Clock, KeySource, Store, Transaction

IDLE = timedelta(minutes=15)
LONGEST = timedelta(hours=2)
"""People look after their phone and leave; a browser that is left open is somebody else's by the evening."""

FRESH = timedelta(minutes=5)
"""How long the password counts as just shown, for what erases or gives away."""

TO_THE_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Signed:
    """Somebody at the page: the session, and whose it is as stored now."""

    session: SelfSession
    user: User
    home: Organisation
    proved: bool


class SelfSessions:
    """Sessions of all users."""

    def __init__(self, store: Store, clock: Clock, keys: KeySource) -> None:
        self._store = store
        self._clock = clock
        self._keys = keys
        self._acts = Acts(store, clock)

    def begin(self, user: str, source: str, user_agent: str, proof: str = "") -> str | None:
        """A new session's secret for a user whose password was right; None for one who may not sign in, and
        where the password was changed since: it would outlive the change.

        Args:
            proof: the hash that the password was right against; empty where it lives elsewhere.
        """
        secret, identity = draw_token(self._keys, SELF), self._keys.identity(SELF_SESSION)
        with self._store.read() as transaction:
            known = _owner(transaction, user)
        if known is None:
            return None
        owner, home = known
        actor = Actor("user", owner.address, source, user_agent)

        def work(entry: Entry) -> str | None:
            now, present = entry.now, _owner(entry.transaction, user)
            if present is None or (proof and proof != present[0].password_hash):
                return None
            entry.transaction.self_sessions.prune(now - IDLE, now)
            session = SelfSession(
                identity, home.id, owner.id, digest_of(secret), now, now, now, now + LONGEST
            )
            entry.transaction.self_sessions.add(session)
            entry.record(after={"session": identity})
            return secret

        return self._acts.perform(Act(AuditTag.SELF_SIGNED_IN, actor, home.id, owner.id), work)

    def present(self, secret: str) -> Signed | None:
        """Whose session it is; None for none, one that is over, and a user who may sign in no more."""
        now = self._clock.now()
        with self._store.read() as transaction:
            session = transaction.self_sessions.by_digest(digest_of(secret))
            known = _owner(transaction, session.user) if session is not None else None
        if session is None or known is None or _over(session, now):
            return None
        if now - session.seen_at >= TO_THE_MINUTE:
            with self._store.write() as transaction:
                transaction.self_sessions.seen(session.id, now)
        return Signed(session, *known, now - session.proved_at < FRESH)

    def prove(self, session: SelfSession) -> None:
        """The password was shown once more."""
        with self._store.write() as transaction:
            transaction.self_sessions.prove(session.id, self._clock.now())

    def end(self, session: SelfSession) -> None:
        """Sign out; GatewayError NOT_FOUND for a session that has ended."""
        with self._store.write() as transaction:
            if not transaction.self_sessions.end(session.id):
                raise GatewayError(Kind.NOT_FOUND, "The session has ended.")


def _owner(transaction: Transaction, identity: str) -> tuple[User, Organisation] | None:
    user = transaction.directory.user(identity)
    home = transaction.directory.organisation(user.organisation) if user is not None else None
    if user is None or home is None or user.state is not UserState.ENABLED:
        return None
    return user, home


def _over(session: SelfSession, now: datetime) -> bool:
    return now - session.seen_at >= IDLE or now >= session.ends_at

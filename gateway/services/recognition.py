"""Who shows a token or a session (product 7.6, 7.7; T24, T25, T29).

Asked of the database at each request and remembered nowhere: what was revoked, disabled or dismissed holds no
longer than the request before. Everything that is not in order is nobody, and nobody is told why.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from gateway.errors import GatewayError, Kind
from gateway.records.administrators import Administrator, ApiToken, Session
from gateway.records.authority import Appointment, Authority, Permission
from gateway.services.appointing import covers
from gateway.services.credential_checks import CONFIRMED, SessionRules
from gateway.services.drawn_secrets import SESSION, TOKEN, digest_of
from gateway.services.opening import strong
from gateway.services.ports import Clock, Store
from gateway.services.signing_in import over

NOTED_EVERY = timedelta(minutes=1)
"""How exactly a last use is kept: writing it at each request would make every look a write."""

ONLY_SELF = frozenset((Permission.SELF,))


class Recognition:
    """Tells the authority behind a secret; on the whole store, since it goes by digest."""

    def __init__(self, store: Store, clock: Clock, rules: SessionRules) -> None:
        self._store = store
        self._clock = clock
        self._rules = rules

    def of(self, secret: str, address: str, *, attended: bool = True) -> Authority | None:
        """Who shows ``secret`` from ``address``; None for nobody. GatewayError UNAVAILABLE as it comes.

        Args:
            attended: somebody asked; what a page asks by itself keeps no session from ending by its pause.
        """
        if secret.startswith(SESSION):
            return self._of_session(digest_of(secret), attended=attended)
        return self._of_token(digest_of(secret), address) if secret.startswith(TOKEN) else None

    def limits_of(self, account: Administrator, session: Session) -> frozenset[Permission] | None:
        """What a session of the account may do at most: nothing but its own affairs before the second factor
        is enrolled and a recovery password was changed."""
        lacks_factor = self._rules.require_second_factor and not strong(account, session)
        return ONLY_SELF if lacks_factor or account.password_until is not None else None

    def _of_session(self, digest: str, *, attended: bool) -> Authority | None:
        now = self._clock.now()
        with self._store.read() as transaction:
            session = transaction.sessions.by_digest(digest)
            account = transaction.administrators.account(session.administrator) if session else None
        if session is None or account is None or not account.enabled or over(session, self._rules, now):
            return None
        if attended and _stale(session.seen_at, now):
            self._note(lambda: self._seen(session, now))
        return self._signed_in(account, session, now)

    def _signed_in(self, account: Administrator, session: Session, now: datetime) -> Authority:
        return Authority(
            account.name,
            account.person,
            account.appointments,
            self.limits_of(account, session),
            now < session.confirmed_at + CONFIRMED,
            account.id,
            session.id,
        )

    def _of_token(self, digest: str, address: str) -> Authority | None:
        now = self._clock.now()
        with self._store.read() as transaction:
            token = transaction.api_tokens.by_digest(digest)
            account = transaction.administrators.account(token.administrator) if token else None
        if token is None or account is None or not account.enabled:
            return None
        if token.revoked or token.expires_at <= now or not allowed_from(token.networks, address):
            return None
        if token.last_used_at is None or _stale(token.last_used_at, now):
            self._note(lambda: self._used(token, now))
        held = appointments_of(token, account)
        return Authority(
            account.name, account.person, held, token.limits, token.destructive, account.id, token.id
        )

    def _note(self, write: Callable[[], None]) -> None:
        """A database that is busy keeps nobody out."""
        try:
            write()
        except GatewayError as error:
            if error.kind not in (Kind.UNAVAILABLE, Kind.CONFLICT):
                raise

    def _seen(self, session: Session, now: datetime) -> None:
        with self._store.write() as transaction:
            transaction.sessions.seen(session.id, now)

    def _used(self, token: ApiToken, now: datetime) -> None:
        with self._store.write() as transaction:
            transaction.api_tokens.used(token.id, now)


def appointments_of(token: ApiToken, account: Administrator) -> tuple[Appointment, ...]:
    """What a token's appointments still give: as much as its maker holds today.

    One that follows its maker's appointments has limits, so no full wipe that they do not name.
    """
    maker = Authority(account.name, appointments=account.appointments)
    given = account.appointments if token.follows else token.appointments
    return tuple(each for each in given if covers(maker, each))


def allowed_from(networks: tuple[str, ...], address: str) -> bool:
    """Whether a token with these networks may be used from ``address``; what is no address is in none."""
    if not networks:
        return True
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    plain = getattr(parsed, "ipv4_mapped", None) or parsed
    return any(plain in ip_network(each) for each in networks)


def _stale(noted: datetime, now: datetime) -> bool:
    return now - noted >= NOTED_EVERY

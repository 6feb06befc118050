"""Signing in, confirming a session, signing out (product 7.7; T1, T2, T9, T24).

A session is a secret of its own, drawn when password and second factor were right: none that somebody brought
along becomes one. Every failure has one answer, whether name, password, code or the account's state was
the reason. What is right is taken in one transaction that looks again: of two who show one code at the same
moment one gets in.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from gateway.errors import GatewayError, Kind
from gateway.records import Actor, AuditTag
from gateway.records.administrators import Administrator, Session
from gateway.records.passkeys import Means
from gateway.services.account_records import home_of
from gateway.services.acts import Act, Acts, Entry
from gateway.services.credential_checks import WRONG_CODE, Checks, PasswordCheck, SessionRules
from gateway.services.names import MAXIMUM_LOGIN, fold
from gateway.services.opening import Opening, Refused, SignedIn, usable
from gateway.services.ports import Clock, Store
from gateway.services.second_factors import SecondFactors

WRONG = "The name, the password or the code is wrong."
WRONG_AGAIN = "The password or the code is wrong."


class SigningIn:
    """Sessions of administrators; on the whole store, since it goes by name and account."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        opening: Opening,
        passwords: PasswordCheck,
        factors: SecondFactors,
        checks: Checks,
        rules: SessionRules,
    ) -> None:
        self._store = store
        self._clock = clock
        self._acts = Acts(store, clock)
        self._opening = opening
        self._passwords = passwords
        self._factors = factors
        self._checks = checks
        self._rules = rules

    def anybody(self) -> bool:
        """Whether there is an administrator at all who could."""
        with self._store.read() as transaction:
            return bool(transaction.administrators.list(limit=1))

    def sign_in(self, actor: Actor, name: str, password: str, code: str = "") -> SignedIn:
        """Open a session.

        Args:
            actor: whence it is asked for; nobody's name yet.
            code: six digits, or a recovery code, which is used up; empty for who has no second factor.

        Raises:
            GatewayError: UNAUTHENTICATED for whatever was wrong; THROTTLED while the name has to wait where
                it comes from.
        """
        folded = fold(name[:MAXIMUM_LOGIN])
        with self._checks.attempt(folded, actor):
            with self._store.read() as transaction:
                account = transaction.administrators.named(folded)
            right = self._passwords.matches(password, account.password_hash if account else None)
            try:
                if account is None or not right:
                    raise Refused("password")
                return self._entered(actor, account, code)
            except Refused as refused:
                self._checks.failed(actor, account, str(refused), Kind.UNAUTHENTICATED, WRONG)

    def confirm(self, actor: Actor, session: str, *, password: str = "", code: str = "") -> Session:
        """Show a code again, or the password where there is no second factor: destructive acts may follow for
        five minutes. A password alone is what a thief of a session may have too (T9).

        Raises:
            GatewayError: UNAUTHENTICATED where the session has ended; UNCONFIRMED for what is wrong;
                THROTTLED.
        """
        with self._store.read() as transaction:
            known = transaction.sessions.get(session)
            account = transaction.administrators.account(known.administrator) if known else None
        if account is None:
            raise _over()
        with self._checks.attempt(f"{account.name} confirming", actor):
            alone = bool(password) and not account.enrolled
            right = alone and self._passwords.matches(password, account.password_hash)
            act = Act(AuditTag.SESSION_CONFIRMED, actor, home_of(account), account.id)
            try:
                return self._acts.perform(act, lambda entry: self._confirmed(entry, session, right, code))
            except Refused as refused:
                self._checks.failed(actor, account, str(refused), Kind.UNCONFIRMED, WRONG_AGAIN)

    def sessions(self, account: str) -> Sequence[Session]:
        """Those of an account that are not over, the oldest first."""
        now = self._clock.now()
        with self._store.read() as transaction:
            return [each for each in transaction.sessions.of(account) if not over(each, self._rules, now)]

    def end(self, actor: Actor, account: str, session: str) -> None:
        """End a session of an account, as signing out does; NOT_FOUND for one that is not its."""

        def work(entry: Entry) -> None:
            known = entry.transaction.sessions.get(session)
            if known is None or known.administrator != account:
                raise GatewayError(Kind.NOT_FOUND, "There is no such session.")
            entry.transaction.sessions.end(session)
            entry.record(after={"session": session})

        self._acts.perform(Act(AuditTag.SESSION_ENDED, actor, "", account), work)

    def _entered(self, actor: Actor, account: Administrator, code: str) -> SignedIn:
        proven = partial(self._proven, known=account, code=code)
        return self._opening.open(actor, account, Means.PASSWORD, proven)

    def _proven(self, entry: Entry, *, known: Administrator, code: str) -> Administrator:
        """The account as it is now, with what was shown taken."""
        account = usable(entry, known.id)
        if account.password_hash != known.password_hash:
            raise Refused("password")
        if account.password_until is not None:
            if account.password_until <= entry.now:
                raise Refused("the recovery password was used or is too old")
            account = replace(account, password_until=entry.now)
        if account.enrolled:
            spent = self._factors.recovered(account, code)
            account = spent or self._with_code_taken(entry, account, code)
        elif entry.transaction.passkeys.of(account.id):
            # A password alone would enrol a second factor and be past the passkey.
            raise Refused("the account has a passkey and no other second factor")
        entry.transaction.administrators.save(account)
        return account

    def _with_code_taken(self, entry: Entry, account: Administrator, code: str) -> Administrator:
        """What is missing, or not looked at any more, uses up none of the codes that may be wrong."""
        if not code:
            raise Refused("no code was shown")
        if not self._checks.codes_left(entry.transaction, account.id):
            raise Refused("too many wrong codes")
        after = self._checks.code(account, partial(self._factors.shown, account, code, entry.now))
        if after is None:
            raise Refused(WRONG_CODE)
        return after

    def _confirmed(self, entry: Entry, session: str, right: bool, code: str) -> Session:
        known = entry.transaction.sessions.get(session)
        account = entry.transaction.administrators.account(known.administrator) if known else None
        if known is None or account is None:
            raise _over()
        if not right:
            entry.transaction.administrators.save(self._with_code_taken(entry, account, code))
        entry.transaction.sessions.confirm(session, entry.now)
        entry.record(after={"session": session})
        return replace(known, confirmed_at=entry.now)


def over(session: Session, rules: SessionRules, now: datetime) -> bool:
    """Whether a session has ended, by its age or by a pause."""
    return session.ends_at <= now or session.seen_at + rules.idle <= now


def _over() -> GatewayError:
    return GatewayError(Kind.UNAUTHENTICATED, "The session has ended.")

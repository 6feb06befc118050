"""What administrators do with their own account (product 7.7; T9, T24).

Only who signed in does it, never a token: the endpoints see to that. A new password takes the present one; a
new second factor or new recovery codes take a session that was confirmed a moment ago. All other sessions of
the account end then. Nothing here touches ``vouched_by``: an account that somebody made and then used to set
its own password is still theirs.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from gateway.errors import GatewayError, Kind, malformed
from gateway.records import Actor, AuditTag
from gateway.records.administrators import Administrator
from gateway.services.account_records import home_of
from gateway.services.acts import Act, Acts, Entry
from gateway.services.credential_checks import Checks, PasswordCheck
from gateway.services.password_policy import require_good
from gateway.services.ports import Clock, Store, Transaction
from gateway.services.second_factors import Offer, SecondFactors

WRONG_PASSWORD = "This is not your present password."  # noqa: S105 - a sentence
WRONG_CODE = "This code is not of the secret that was offered."
SAME_PASSWORD = "The new password is the present one."  # noqa: S105 - a sentence


@dataclass(frozen=True, slots=True)
class Enrolled:
    """An account with its recovery codes, which are shown this once and nowhere kept."""

    account: Administrator
    recovery_codes: Sequence[str] = field(repr=False)


class OwnAccount:
    """The account of who asks; on the whole store, since it goes by its id."""

    def __init__(
        self, store: Store, clock: Clock, passwords: PasswordCheck, factors: SecondFactors, checks: Checks
    ) -> None:
        self._store = store
        self._acts = Acts(store, clock)
        self._passwords = passwords
        self._factors = factors
        self._checks = checks

    def get(self, account: str) -> Administrator:
        """Raises GatewayError NOT_FOUND."""
        with self._store.read() as transaction:
            return _present(transaction, account)

    def change_password(self, actor: Actor, account: str, present: str, new: str) -> Administrator:
        """Take a new password; every session but the one that asks ends.

        Raises:
            GatewayError: MALFORMED for a password that breaks the policy or is the present one; FORBIDDEN for
                a wrong present one; THROTTLED after some of those.
        """
        require_good(new)
        if new == present:
            raise malformed("new", SAME_PASSWORD)
        known = self.get(account)
        with self._checks.attempt(f"{known.name} changing", actor):
            if not self._passwords.matches(present, known.password_hash):
                self._checks.failed(actor, known, "present password", Kind.FORBIDDEN, WRONG_PASSWORD)
        hashed = self._passwords.hash(new)

        def work(entry: Entry) -> Administrator:
            before = _present(entry.transaction, account)
            if before.password_hash != known.password_hash:
                raise GatewayError(Kind.CONFLICT, "The password was changed at the same time.")
            return _saved(entry, replace(before, password_hash=hashed, password_until=None))

        return self._acts.perform(_act(AuditTag.PASSWORD_SET, actor, known), work)

    def offer_second_factor(self, actor: Actor, account: str) -> Offer:
        """Draw a secret for an authenticator; it counts once ``enrol`` was shown a code of it."""

        def work(entry: Entry) -> Offer:
            after, offer = self._factors.offered(_present(entry.transaction, account))
            entry.transaction.administrators.save(after)
            return offer

        return self._acts.perform(_act(AuditTag.SECOND_FACTOR_ENROLLED, actor, self.get(account)), work)

    def enrol(self, actor: Actor, account: str, code: str) -> Enrolled:
        """Put the offered secret in force, in place of one that was; new recovery codes come with it.

        Raises:
            GatewayError: MALFORMED for a code that is not of it.
        """

        def work(entry: Entry) -> Enrolled:
            before = _present(entry.transaction, account)
            after = self._checks.code(before, lambda: self._factors.enrolled(before, code, entry.now))
            if after is None:
                raise malformed("code", WRONG_CODE)
            return self._with_codes(entry, after)

        return self._acts.perform(_act(AuditTag.SECOND_FACTOR_ENROLLED, actor, self.get(account)), work)

    def renew_recovery_codes(self, actor: Actor, account: str) -> Enrolled:
        """Ten new recovery codes; those that were left are good for nothing. CONFLICT without a factor."""

        def work(entry: Entry) -> Enrolled:
            before = _present(entry.transaction, account)
            if not before.enrolled:
                raise GatewayError(Kind.CONFLICT, "Enrol a second factor first.")
            return self._with_codes(entry, before)

        return self._acts.perform(_act(AuditTag.RECOVERY_CODES_RENEWED, actor, self.get(account)), work)

    def _with_codes(self, entry: Entry, account: Administrator) -> Enrolled:
        after, codes = self._factors.with_new_codes(account)
        return Enrolled(_saved(entry, after), codes)


def _act(tag: AuditTag, actor: Actor, account: Administrator) -> Act:
    return Act(tag, actor, home_of(account), account.id)


def _saved(entry: Entry, account: Administrator) -> Administrator:
    """Whoever else is signed in as the account is not any more."""
    entry.transaction.administrators.save(account)
    ended = entry.transaction.sessions.end_all(account.id, but=entry.act.actor.credential)
    entry.record(after={"sessions_ended": ended})
    return account


def _present(transaction: Transaction, account: str) -> Administrator:
    known = transaction.administrators.account(account)
    if known is None:
        raise GatewayError(Kind.NOT_FOUND, "There is no such administrator.")
    return known

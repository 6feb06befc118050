"""Passkeys: registering, signing in and confirming a session by one (product 7.7; T1, T9, T24).

A passkey counts as both factors: the browser is asked for one that verifies its holder, and what does not is
refused. Whatever is wrong has one answer, and the reason stands in the trail: above all an authenticator
whose count did not go forward, which is what a copied key looks like.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from gateway.errors import GatewayError, Kind
from gateway.records import Actor, AuditTag
from gateway.records.administrators import Administrator
from gateway.records.passkeys import Means, Passkey, Purpose
from gateway.services.account_records import act_on
from gateway.services.acts import Acts, Entry
from gateway.services.credential_checks import Checks
from gateway.services.names import require_text
from gateway.services.opening import Opening, Refused, SignedIn, usable
from gateway.services.ports import Clock, KeySource, Store
from gateway.services.questions import Questions

T = TypeVar("T")

WRONG = "This passkey was not accepted."
MOST = 20
"""Passkeys of an account: more are not somebody's devices."""

MAXIMUM_ANSWER = 16 * 1024
"""Characters of what a browser answers; a passkey's are below two thousand."""


class Ceremonies(Protocol):
    """``gateway.directory.passkeys.WebPasskeys`` as the services see it; ValueError for what is wrong."""

    def registering(self, challenge: bytes, account: str, name: str, known: Sequence[str]) -> str: ...
    def asking(self, challenge: bytes, known: Sequence[str]) -> str: ...
    def challenge(self, answer: str) -> bytes: ...
    def credential(self, answer: str) -> str: ...
    def holder(self, answer: str) -> str: ...
    def registered(self, answer: str, challenge: bytes) -> tuple[str, bytes, int]: ...
    def signed(self, answer: str, challenge: bytes, passkey: Passkey) -> int: ...


@dataclass(frozen=True, slots=True)
class _Shown:
    """A signature that is right, and the passkey and the account that it is of."""

    account: Administrator
    passkey: Passkey
    uses: int


class Passkeys:
    """On the whole store, since it goes by account and credential."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        keys: KeySource,
        ceremonies: Callable[[], Ceremonies],
        checks: Checks,
        opening: Opening,
    ) -> None:
        """``ceremonies``: called when they are needed."""
        self._store = store
        self._acts = Acts(store, clock)
        self._keys = keys
        self._ceremonies = ceremonies
        self._checks = checks
        self._opening = opening
        self._questions = Questions(store, clock)

    def of(self, account: str) -> Sequence[Passkey]:
        """Those of an account, the oldest first."""
        with self._store.read() as transaction:
            return transaction.passkeys.of(account)

    def offer(self, actor: Actor, account: str) -> str:
        """What a browser is asked for a new passkey, as JSON; CONFLICT where there are too many."""
        with self._store.read() as transaction:
            known, present = transaction.administrators.account(account), transaction.passkeys.of(account)
        if known is None:
            raise GatewayError(Kind.NOT_FOUND, "There is no such administrator.")
        _require_room(present)
        challenge = self._drawn(Purpose.REGISTER, actor.credential)
        credentials = [each.credential for each in present]
        return self._ceremonies().registering(challenge, account, known.name, credentials)

    def register(self, actor: Actor, account: str, label: str, answer: str) -> Passkey:
        """Keep a new passkey; the session that did it has shown it, and all others of the account end.

        Raises:
            GatewayError: MALFORMED for an answer to no question of this session, and for a name that is none;
                CONFLICT for a passkey that is known.
        """
        name = require_text("label", label)
        try:
            challenge = self._taken(Purpose.REGISTER, answer, actor.credential)
            credential, key, uses = self._ceremonies().registered(answer, challenge)
        except (ValueError, Refused):
            raise GatewayError(Kind.MALFORMED, WRONG) from None

        def work(entry: Entry) -> Passkey:
            _require_room(entry.transaction.passkeys.of(account))
            if entry.transaction.passkeys.by_credential(credential):
                raise GatewayError(Kind.CONFLICT, "This passkey is registered already.")
            made = Passkey(
                self._keys.identity("k-"), account, name, credential, key, uses, entry.now, entry.now
            )
            entry.transaction.passkeys.add(made)
            entry.transaction.sessions.strengthen(actor.credential, Means.PASSKEY)
            entry.transaction.sessions.confirm(actor.credential, entry.now)
            ended = entry.transaction.sessions.end_all(account, but=actor.credential)
            entry.record(after={"passkey": made.id, "label": name, "sessions_ended": ended})
            return made

        return self._acts.perform(act_on(self._store, AuditTag.PASSKEY_REGISTERED, actor, account), work)

    def rename(self, actor: Actor, account: str, passkey: str, label: str) -> None:
        """Call a passkey something else; NOT_FOUND for one that is not the account's."""
        name = require_text("label", label)

        def work(entry: Entry) -> None:
            if not entry.transaction.passkeys.rename(account, passkey, name):
                raise GatewayError(Kind.NOT_FOUND, "There is no such passkey.")
            entry.record(after={"passkey": passkey, "label": name})

        self._acts.perform(act_on(self._store, AuditTag.PASSKEY_RENAMED, actor, account), work)

    def remove(self, actor: Actor, account: str, passkey: str) -> None:
        """Take a passkey back; all other sessions of the account end. NOT_FOUND as ``rename``."""

        def work(entry: Entry) -> None:
            if not entry.transaction.passkeys.remove(account, passkey):
                raise GatewayError(Kind.NOT_FOUND, "There is no such passkey.")
            ended = entry.transaction.sessions.end_all(account, but=actor.credential)
            entry.record(before={"passkey": passkey}, after={"sessions_ended": ended})

        self._acts.perform(act_on(self._store, AuditTag.PASSKEY_REMOVED, actor, account), work)

    def ask(self) -> str:
        """What a stranger's browser is asked to sign, as JSON."""
        return self._ceremonies().asking(self._drawn(Purpose.SIGN_IN), ())

    def ask_again(self, actor: Actor, account: str) -> str:
        """What the browser of a session is asked to sign; CONFLICT for an account without passkeys."""
        known = [each.credential for each in self.of(account)]
        if not known:
            raise GatewayError(Kind.CONFLICT, "You have no passkey.")
        return self._ceremonies().asking(self._drawn(Purpose.CONFIRM, actor.credential), known)

    def sign_in(self, actor: Actor, answer: str) -> SignedIn:
        """Open a session; UNAUTHENTICATED for whatever was wrong, THROTTLED as with a password."""

        def work(shown: _Shown) -> SignedIn:
            def proven(entry: Entry) -> Administrator:
                _spend(entry, shown)
                return usable(entry, shown.account.id)

            return self._opening.open(actor, shown.account, Means.PASSKEY, proven)

        return self._judged(actor, answer, Purpose.SIGN_IN, Kind.UNAUTHENTICATED, work)

    def confirm(self, actor: Actor, account: str, answer: str) -> None:
        """Show a passkey again: destructive acts may follow for five minutes. UNCONFIRMED, THROTTLED."""

        def work(shown: _Shown) -> None:
            def confirmed(entry: Entry) -> None:
                if shown.account.id != account:
                    raise Refused("a passkey of another account")
                _spend(entry, shown)
                entry.transaction.sessions.confirm(actor.credential, entry.now)
                entry.record(after={"session": actor.credential, "means": Means.PASSKEY.value})

            self._acts.perform(act_on(self._store, AuditTag.SESSION_CONFIRMED, actor, account), confirmed)

        self._judged(actor, answer, Purpose.CONFIRM, Kind.UNCONFIRMED, work)

    def _judged(
        self, actor: Actor, answer: str, purpose: Purpose, kind: Kind, work: Callable[["_Shown"], T]
    ) -> T:
        """Do what a signature that is right allows."""
        account = None
        with self._checks.attempt(f"passkey {self._credential(answer)}", actor):
            try:
                challenge = self._taken(purpose, answer, _holder(purpose, actor))
                account, passkey = self._known(answer)
                _require_holder(self._ceremonies().holder(answer), account, purpose)
                uses = self._ceremonies().signed(answer, challenge, passkey)
                return work(_Shown(account, passkey, _forward(passkey, uses)))
            except (ValueError, Refused) as wrong:
                why = str(wrong) if isinstance(wrong, Refused) else "passkey"
                self._checks.failed(actor, account, why, kind, WRONG)

    def _known(self, answer: str) -> tuple[Administrator, Passkey]:
        with self._store.read() as transaction:
            passkey = transaction.passkeys.by_credential(self._credential(answer))
            account = transaction.administrators.account(passkey.administrator) if passkey else None
        if passkey is None or account is None:
            raise Refused("an unknown passkey")
        return account, passkey

    def _credential(self, answer: str) -> str:
        try:
            return self._ceremonies().credential(answer[:MAXIMUM_ANSWER])
        except ValueError:
            return ""

    def _drawn(self, purpose: Purpose, holder: str = "") -> bytes:
        """A challenge that is answered once."""
        challenge = bytes.fromhex(self._keys.identity("") + self._keys.identity(""))
        self._questions.ask(purpose, challenge.hex(), holder)
        return challenge

    def _taken(self, purpose: Purpose, answer: str, holder: str) -> bytes:
        """The challenge that is answered, which is spent; ``Refused`` for none of this gateway's."""
        if len(answer) > MAXIMUM_ANSWER:
            raise Refused("an answer that is too long")
        challenge = self._ceremonies().challenge(answer)
        if self._questions.take(purpose, challenge.hex(), holder) is None:
            raise Refused("no question was asked, or it was answered")
        return challenge


def _holder(purpose: Purpose, actor: Actor) -> str:
    return actor.credential if purpose is Purpose.CONFIRM else ""


def _require_holder(held_for: str, account: Administrator, purpose: Purpose) -> None:
    """The authenticator kept the passkey for this account; it says so wherever it was not told which passkey
    to show (W3C Web Authentication, 7.2, step 6)."""
    if held_for != account.id and (held_for or purpose is Purpose.SIGN_IN):
        raise Refused("the passkey is kept for another account")


def _forward(passkey: Passkey, uses: int) -> int:
    """The new count; ``Refused`` where it did not go forward (W3C Web Authentication, 6.1.1)."""
    if (uses or passkey.uses) and uses <= passkey.uses:
        raise Refused("the count of the passkey went back: it may have been copied")
    return uses


def _spend(entry: Entry, shown: _Shown) -> None:
    passkey = shown.passkey
    if not entry.transaction.passkeys.used(passkey.id, passkey.uses, shown.uses, entry.now):
        raise Refused("the passkey was used or removed at the same time")


def _require_room(present: Sequence[Passkey]) -> None:
    if len(present) >= MOST:
        raise GatewayError(Kind.CONFLICT, f"An account has at most {MOST} passkeys.")

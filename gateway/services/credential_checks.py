"""What signing in, confirming and changing one's own account share: a password that is checked at the price
of ``services.sign_in_delays``, and what of a failure goes into the trail (product 7.7; T1, T2).

Nothing of what was typed is kept, not even a name that nobody has: people type passwords into that field.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import NoReturn, Protocol

from gateway.errors import GatewayError, Kind
from gateway.records import Actor, AuditRecord, AuditTag
from gateway.records.administrators import Administrator
from gateway.services.account_records import home_of
from gateway.services.ports import Clock, Store, Transaction
from gateway.services.sign_in_delays import PER_FACTOR, Delays

CONFIRMED = timedelta(minutes=5)
"""How long a destructive act may follow after password or second factor were shown (T9)."""

UNKNOWN = "unknown"

WRONG_CODE = "second factor"
"""Why a sign-in failed whose password was right, as the trail says it."""

REMEMBERED = timedelta(seconds=PER_FACTOR.burst * PER_FACTOR.refill_s)
"""How long a wrong code counts against the next ones."""


class PasswordCheck(Protocol):
    """``gateway.directory.local.LocalPasswords`` as the services see it."""

    def hash(self, password: str) -> str: ...
    def matches(self, password: str, stored: str | None) -> bool:
        """As slow for nobody as for anybody."""
        ...


@dataclass(frozen=True, slots=True)
class SessionRules:
    """``[admin]`` of the configuration, as far as it is about signing in."""

    idle: timedelta = timedelta(minutes=30)
    longest: timedelta = timedelta(hours=12)
    require_second_factor: bool = True


class Checks:
    """The delays of one process, and the trail."""

    def __init__(self, store: Store, clock: Clock, delays: Delays, ticking: Callable[[], float]) -> None:
        """``ticking``: monotonic seconds."""
        self._store = store
        self._clock = clock
        self._delays = delays
        self._ticking = ticking

    @contextmanager
    def attempt(self, name: str, actor: Actor) -> Iterator[None]:
        """Count an attempt of a typed name; what ends in UNAVAILABLE counts for nothing.

        Raises:
            GatewayError: THROTTLED while the name has to wait where it comes from.
        """
        begun = self._delays.begin(name, actor.address, self._ticking())
        try:
            yield
        except GatewayError as error:
            if error.kind is Kind.UNAVAILABLE:
                self._delays.given_up(begun, self._ticking())
            raise
        self._delays.succeeded(begun, self._ticking())

    def codes_left(self, transaction: Transaction, account: str) -> bool:
        """Whether a code of the account is looked at. The trail says so: neither a restart nor another node
        gives whoever has the password new ones to try."""
        since = self._clock.now() - REMEMBERED
        wrong = transaction.audit.count(AuditTag.SIGN_IN_FAILED, account, _refused(WRONG_CODE), since)
        return wrong < PER_FACTOR.burst

    def code(self, account: Administrator, shown: Callable[[], Administrator | None]) -> Administrator | None:
        """The account after its timed code was taken; None where that is wrong, or too many were of late."""
        if not self._delays.may_show_code(account.id, self._ticking()):
            return None
        after = shown()
        if after is not None:
            self._delays.code_was_right(account.id, self._ticking())
        return after

    def failed(
        self, actor: Actor, account: Administrator | None, why: str, kind: Kind, public: str
    ) -> NoReturn:
        """Record a failure, of an account or of nobody's name, and raise what is answered."""
        record = AuditRecord(
            tag=AuditTag.SIGN_IN_FAILED,
            at=self._clock.now(),
            actor=replace(actor, name=account.name if account else UNKNOWN),
            organisation=home_of(account),
            target=account.id if account else UNKNOWN,
            outcome=_refused(why),
        )
        with self._store.write() as transaction:
            transaction.audit.append(record)
        raise GatewayError(kind, public)


def _refused(why: str) -> str:
    return f"refused: {why}"

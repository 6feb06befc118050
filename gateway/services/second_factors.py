"""An account's second factor: offered, confirmed by a code, shown at a sign-in, replaced by a recovery code
(product 7.7; T24, T28).

The secret is kept sealed and bound to its account, so a row of the database proves nothing elsewhere. What is
taken is spent in the transaction that takes it: a code's step, or the recovery code itself.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from gateway.errors import Kind
from gateway.records.administrators import Administrator
from gateway.services import drawn_secrets
from gateway.services.ports import KeySource
from gateway.services.sealing import Sealing, Seals


class TimedCodes(Protocol):
    """``gateway.directory.second_factor.TimedCodes`` as the services see it."""

    def uri(self, secret: str, name: str) -> str: ...
    def step(self, secret: str, code: str, at: datetime, last: int) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Offer:
    """A secret to be put into an authenticator; shown this once."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)


class SecondFactors:
    """What is done with second factors; accounts come in and go out as values."""

    def __init__(self, codes: TimedCodes, keys: KeySource, sealing: Callable[[], Sealing]) -> None:
        """``sealing`` reads the secret when it is needed: OSError and ValueError as they come."""
        self._codes = codes
        self._keys = keys
        self._seals = Seals(sealing)

    def offered(self, account: Administrator) -> tuple[Administrator, Offer]:
        """The account with a new secret that counts for nothing yet.

        Raises:
            GatewayError: UNAVAILABLE without a sealing secret.
        """
        secret = drawn_secrets.draw_factor(self._keys)
        sealed = self._seals.seal(secret, _context(account))
        return replace(account, totp_offered=sealed), Offer(secret, self._codes.uri(secret, account.name))

    def enrolled(self, account: Administrator, code: str, now: datetime) -> Administrator | None:
        """The account with the offered secret in force; None where ``code`` is not of it."""
        step = self._step(account, account.totp_offered, code, now, last=0)
        if step is None:
            return None
        return replace(account, totp=account.totp_offered, totp_offered=None, totp_counter=step)

    def with_new_codes(self, account: Administrator) -> tuple[Administrator, Sequence[str]]:
        """The account with ten recovery codes in place of what was left, and the codes."""
        codes = drawn_secrets.draw_recovery_codes(self._keys)
        digests = tuple(drawn_secrets.recovery_digest(each) for each in codes)
        return replace(account, recovery=digests), codes

    def shown(self, account: Administrator, code: str, now: datetime) -> Administrator | None:
        """The account after a timed code was taken; None where it is wrong or was taken before."""
        step = self._step(account, account.totp, code, now, last=account.totp_counter)
        return None if step is None else replace(account, totp_counter=step)

    def recovered(self, account: Administrator, code: str) -> Administrator | None:
        """The account after one of its recovery codes was taken; None where it is none of them."""
        digest = drawn_secrets.recovery_digest(code)
        if not digest or digest not in account.recovery:
            return None
        return replace(account, recovery=tuple(each for each in account.recovery if each != digest))

    def _step(
        self, account: Administrator, sealed: bytes | None, code: str, now: datetime, *, last: int
    ) -> int | None:
        if sealed is None:
            return None
        secret = self._seals.open(sealed, _context(account), broken=Kind.UNAVAILABLE)
        return self._codes.step(secret, code, now, last)


def without(account: Administrator) -> Administrator:
    """The account with no second factor at all; the step stays, or an old code would count again."""
    return replace(account, totp=None, totp_offered=None, recovery=())


def _context(account: Administrator) -> str:
    return f"second factor of {account.id}"

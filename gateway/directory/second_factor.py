"""The second factor: codes of six digits by RFC 6238, SHA-1 and 30 s, which every authenticator can do.

A code is taken from the step before to the step after the present one, for clocks that differ, and never a
step that was taken before: who has seen a code being typed cannot type it again (T24).
"""

from datetime import datetime
from urllib.parse import quote

from passlib.exc import TokenError  # type: ignore[import-untyped]  # libpass ships no types
from passlib.totp import TOTP  # type: ignore[import-untyped]  # likewise

ISSUER = "Usher"
STEP_S = 30
DIGITS = 6


class TimedCodes:
    """``services.second_factors.TimedCodes``."""

    def uri(self, secret: str, name: str) -> str:
        """What an authenticator reads from a picture: ``secret`` in base32, for the account ``name``."""
        label = quote(name.replace(":", " "), safe="@")
        return f"otpauth://totp/{ISSUER}:{label}?secret={secret}&issuer={ISSUER}"

    def step(self, secret: str, code: str, at: datetime, last: int) -> int | None:
        """The step that ``code`` is of; None where it is of none near ``at``, or of ``last`` or before."""
        digits = "".join(code.split())
        if len(digits) != DIGITS or not (digits.isascii() and digits.isdigit()):
            return None
        try:
            match = _of(secret).match(digits, time=at, window=STEP_S, last_counter=last or None)
        except TokenError:
            return None
        return int(match.counter)


def _of(secret: str) -> TOTP:
    return TOTP(key=secret, format="base32", period=STEP_S, digits=DIGITS)

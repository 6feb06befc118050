"""The shell's clock and its source of chance: the two things that the cores are handed as arguments.

They stand alone so that a test replaces them in one place, and so that nothing else may ask for them (ruff
TID251).
"""

import secrets
from datetime import UTC, datetime

POLICY_KEYS = 2**31 - 1
"""A PolicyKey is 1 to this: a uint32 on the wire, but clients keep it in a signed integer (spec 2.1)."""


class SystemClock:
    """``services.ports.Clock`` of the real world."""

    def now(self) -> datetime:
        """The present moment, aware UTC."""
        return datetime.now(UTC)  # noqa: TID251 - the one clock


class Secrets:
    """``services.ports.KeySource`` from the operating system (T31)."""

    def policy_key(self) -> int:
        """1 to 2**31-1; every value equally likely."""
        return 1 + secrets.randbelow(POLICY_KEYS)

    def identity(self, prefix: str) -> str:
        """``prefix`` and 32 hex digits."""
        return prefix + secrets.token_hex(16)

    def share(self) -> float:
        """0 to less than 1."""
        return secrets.randbelow(2**53) / 2**53

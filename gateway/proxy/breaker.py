"""A backend that cannot be reached is not asked by every phone in turn (product 3.6).

Without it each request waits out the connect timeout, and the moment the server comes back it is met by
everybody who waited. Only failures to connect count: a slow or a faulty answer is one request's misfortune.
"""

OPENS_AFTER = 5
"""Consecutive failures to connect."""

OPEN_S = 5.0
"""How long nobody asks; then one request may try."""


class Breaker:
    """Closed while ``failures`` is below ``OPENS_AFTER``; times are seconds of the loop's clock."""

    __slots__ = ("_until", "failures")

    def __init__(self) -> None:
        self.failures = 0
        self._until = 0.0

    @property
    def open(self) -> bool:
        """Whether the backend counts as down."""
        return self.failures >= OPENS_AFTER

    def admits(self, now: float) -> bool:
        """Whether a request may go out; when the time is up, one may, and the next one ``OPEN_S`` later."""
        if not self.open:
            return True
        if now < self._until:
            return False
        self._until = now + OPEN_S
        return True

    def failed(self, now: float) -> None:
        """No connection."""
        self.failures += 1
        self._until = now + OPEN_S

    def succeeded(self) -> None:
        """A connection, whatever came over it."""
        self.failures = 0

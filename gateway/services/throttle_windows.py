"""Counting with bounded memory: token buckets, and which names were seen where of late (T1, T2).

Time is an argument. Within any ``t`` seconds a bucket grants at most ``burst + t / refill_s``; ``Pairs`` is a
sliding window that is exact: a name leaves it when its last sighting is ``window_s`` old, or when memory is
full and nobody was seen less lately. Not thread-safe on purpose: both live on the event loop's thread.
"""

from collections import OrderedDict
from dataclasses import dataclass

MAXIMUM_BUCKETS = 50_000
"""Subjects of one budget; the longest unused is the fullest and may go. About 200 bytes each."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """A token bucket's measure.

    Attributes:
        burst: distinct wrong credentials in a row.
        refill_s: seconds until one more may be tried.
    """

    burst: int
    refill_s: float


class Buckets:
    """Token buckets by name; a full one is not kept."""

    def __init__(self, allowance: Allowance, maximum: int = MAXIMUM_BUCKETS) -> None:
        self._allowance = allowance
        self._maximum = maximum
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def level(self, name: str, now: float) -> float:
        """Tokens left, ``burst`` at most."""
        tokens, at = self._levels.get(name, (float(self._allowance.burst), now))
        return min(self._allowance.burst, tokens + (now - at) / self._allowance.refill_s)

    def add(self, name: str, tokens: float, now: float) -> None:
        """Give tokens back, or take them when negative."""
        level = self.level(name, now) + tokens
        self._levels.pop(name, None)
        if level < self._allowance.burst:
            self._levels[name] = (level, now)
        if len(self._levels) > self._maximum:
            self._levels.popitem(last=False)

    def clear(self, name: str) -> None:
        self._levels.pop(name, None)

    def __len__(self) -> int:
        return len(self._levels)


class Pairs:
    """Which names were seen at which places within the last ``window_s`` seconds: a sliding window."""

    def __init__(self, window_s: float, maximum: int) -> None:
        self._window_s = window_s
        self._maximum = maximum
        self._seen: OrderedDict[tuple[str, bytes], float] = OrderedDict()
        self._counts: dict[str, int] = {}

    def add(self, place: str, name: bytes, now: float) -> None:
        self.discard(place, name)
        self._seen[(place, name)] = now
        self._counts[place] = self._counts.get(place, 0) + 1
        if len(self._seen) > self._maximum:
            self.discard(*next(iter(self._seen)))

    def discard(self, place: str, name: bytes) -> None:
        if self._seen.pop((place, name), None) is None:
            return
        left = self._counts.pop(place) - 1
        if left:
            self._counts[place] = left

    def has(self, place: str, name: bytes, now: float) -> bool:
        at = self._seen.get((place, name))
        return at is not None and now - at < self._window_s

    def count(self, place: str, now: float) -> int:
        """Distinct names."""
        while self._seen and now - next(iter(self._seen.values())) >= self._window_s:
            self.discard(*next(iter(self._seen)))
        return self._counts.get(place, 0)

    def __len__(self) -> int:
        return len(self._seen)

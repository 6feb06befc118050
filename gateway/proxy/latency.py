"""How long a mail server takes until the head of its answer is there (product 9.4): a histogram of counts.

On the way of every request, so it is two list operations and nothing else. Long polls are left out: they
wait because they are meant to.
"""

from bisect import bisect_left

BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Upper bounds of the buckets in seconds."""


class Latency:
    """One backend's.

    Attributes:
        counts: one for each bound, and one for what took longer. total: seconds of all together.
    """

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.total = 0.0

    def note(self, seconds: float) -> None:
        """Count one answer."""
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.total += seconds

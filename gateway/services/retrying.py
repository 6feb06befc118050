"""When something that could not be delivered is tried again (product 7.9): time and chance are arguments.

Each pause is about four times the one before, up to six hours, and a part of it is drawn, so that what failed
together does not come back together. After a day it is dead: an administrator sees it and may order it anew.
"""

from datetime import datetime, timedelta

PAUSES_S = (2, 10, 40, 160, 600, 2400, 7200, 21600)
"""Seconds before the second, third, ... try; the last one holds for all that follow."""

LIFETIME = timedelta(hours=24)
JITTER = 0.5
"""The largest part of a pause that is added to it."""


def next_try(attempts: int, first_at: datetime, now: datetime, share: float) -> datetime | None:
    """When to try again after ``attempts`` failures; None when it is dead.

    Args:
        share: drawn, from 0 to less than 1.
    """
    if now - first_at >= LIFETIME:
        return None
    pause = PAUSES_S[min(attempts, len(PAUSES_S)) - 1]
    # The last try comes at the end of the lifetime, not up to half a pause before it.
    return min(now + timedelta(seconds=pause * (1 + JITTER * share)), first_at + LIFETIME)

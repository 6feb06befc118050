"""When something that could not be delivered is tried again (product 7.9): time and chance are arguments.

Each pause is about four times the one before, up to six hours, and a part of it is drawn, so that what failed
together does not come back together. After a day it is dead: an administrator sees it and may order it anew.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from gateway.records.events import Delivery, Letter, Progress

S = TypeVar("S", Delivery, Letter)

PAUSES_S = (2, 10, 40, 160, 600, 2400, 7200, 21600)
"""Seconds before the second, third, ... try; the last one holds for all that follow."""

LIFETIME = timedelta(hours=24)
JITTER = 0.5
"""The largest part of a pause that is added to it."""

LONGEST_ERROR = 300


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


def tried(sent: S, now: datetime, share: float, error: str, *, good: bool, final: bool = False) -> S:
    """What was sent, after one more attempt.

    Args:
        error: in words what went wrong.
        final: a failure after which nothing is tried again.
    """
    after = replace(sent, attempts=sent.attempts + 1, claimed_until=None, error=error[:LONGEST_ERROR])
    if good:
        return replace(after, state=Progress.DELIVERED, ended_at=now)
    again = None if final else next_try(after.attempts, after.created_at, now, share)
    if again is None:
        return replace(after, state=Progress.DEAD, ended_at=now)
    return replace(after, next_at=again)

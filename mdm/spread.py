"""Spreading a change over a window, so that a fleet does not return at once (product 4.3).

A device's moment is a hash of who it is and of which change: evenly spread without any state, the same when
it is worked out again after a restart, and another one for the next change, so that nobody is always the
first.
"""

import hashlib
from datetime import datetime, timedelta

from mdm.device import DeviceKey

LONGEST_SAVING_S = 5.0
"""Seconds for which an unused rate is kept: what was not used in the night must not come in one go."""


def share(key: DeviceKey, change: int) -> float:
    """The device's place in the window of a change, from 0 up to but not including 1."""
    told = f"{change}/{key.organisation}/{key.user}/{key.device_id}".encode()
    return int.from_bytes(hashlib.sha256(told).digest()[:6]) / 2**48


def moment(key: DeviceKey, change: int, start: datetime, window_s: float) -> datetime:
    """When the device's turn comes."""
    return start + timedelta(seconds=share(key, change) * window_s)


def allowance(per_minute: int, since_s: float, most: int) -> int:
    """How many devices may be told now.

    Args:
        per_minute: the configured rate, 0 for none.
        since_s: seconds since the last one was told.
        most: of one go, whatever the rate.
    """
    if not per_minute:
        return most
    saving = max(LONGEST_SAVING_S, 60 / per_minute)
    return min(most, int(per_minute * min(since_s, saving) / 60 + 1e-9))

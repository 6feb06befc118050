"""What grows without end is cut back here (house.md 4a)."""

from datetime import timedelta

from gateway.services.ports import Clock, Store

CHANGES_KEPT = timedelta(days=1)
"""Rows of the change feed that are kept; a process that slept longer looks at everything again."""


def prune(store: Store, clock: Clock) -> int:
    """Remove old rows of the change feed and expired profile links; any process may, any time.

    Returns:
        How many rows.
    """
    now = clock.now()
    with store.write() as transaction:
        return transaction.changes.prune(now - CHANGES_KEPT) + transaction.profile_links.prune(now)

"""What grows without end is cut back here (house.md 4a)."""

from datetime import timedelta

from gateway.services.ports import Clock, Store

CHANGES_KEPT = timedelta(days=1)
"""Rows of the change feed that are kept; a process that slept longer looks at everything again."""


def prune_changes(store: Store, clock: Clock) -> int:
    """Remove old rows of the change feed; any process may, any time. Returns how many."""
    with store.write() as transaction:
        return transaction.changes.prune(clock.now() - CHANGES_KEPT)

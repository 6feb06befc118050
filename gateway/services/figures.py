"""What the database says for ``/metrics`` (product 9.4), asked seldom: a scrape must not be a load."""

import threading
from collections.abc import Callable, Mapping

from gateway.errors import GatewayError
from gateway.services.ports import Store

KEPT_S = 15.0
"""How long an answer holds: as long as the usual pause between two scrapes."""

Counts = Mapping[str, Mapping[str, int]]


class StoreFigures:
    """Counts rows, at most once in ``KEPT_S`` seconds; safe for threads."""

    def __init__(self, store: Store, monotonic: Callable[[], float]) -> None:
        self._store = store
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._counts: Counts | None = None
        self._until = float("-inf")

    def counts(self) -> Counts | None:
        """Rows by kind and state; None while the database does not answer."""
        with self._lock:
            if self._monotonic() >= self._until:
                self._counts = self._read()
                self._until = self._monotonic() + KEPT_S
            return self._counts

    def _read(self) -> Counts | None:
        try:
            with self._store.read() as transaction:
                return transaction.figures.counts()
        except GatewayError:
            return None

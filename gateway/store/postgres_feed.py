"""The change feed on PostgreSQL (house.md 4a): NOTIFY tells a reader that there is something to read, and a
look once a second does where a pooler between gateway and PostgreSQL swallows the notifications.

A file of its own: the driver takes 4 MiB of each process, which a gateway on SQLite need not spend.
"""

import time

import psycopg
from sqlalchemy import Engine

from gateway.errors import GatewayError, Kind
from gateway.store.changes import CHANNEL, ChangeFeed

LOOK_S = 1.0
"""How long PostgreSQL's silence is believed."""


class PostgresFeed(ChangeFeed):
    """Listens for NOTIFY on a connection of its own, outside the pool."""

    def __init__(self, engine: Engine) -> None:
        self._listening: psycopg.Connection[object] | None = None
        super().__init__(engine)
        self._looked = time.monotonic()

    def _hinted(self, timeout_s: float) -> bool:
        try:
            notified = self._notified(min(timeout_s, LOOK_S))
        except psycopg.Error as error:
            self._drop()
            if self._closed.wait(min(timeout_s, LOOK_S)):
                return False
            raise GatewayError(Kind.UNAVAILABLE) from error
        due = notified or time.monotonic() - self._looked >= LOOK_S
        if due:
            self._looked = time.monotonic()
        return due

    def close(self) -> None:
        super().close()
        self._drop()

    def _notified(self, timeout_s: float) -> bool:
        if self._listening is None:
            self._listening = self._listen()
            return True
        return any(True for _ in self._listening.notifies(timeout=timeout_s, stop_after=1))

    def _listen(self) -> "psycopg.Connection[object]":
        arguments, options = self._engine.dialect.create_connect_args(self._engine.url)
        connection = psycopg.connect(*arguments, **options, autocommit=True)
        connection.execute(f"LISTEN {CHANNEL}")
        return connection

    def _drop(self) -> None:
        if self._listening is not None:
            self._listening.close()
        self._listening = None

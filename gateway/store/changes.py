"""The change feed (house.md 4a): what another process or node changed, within two seconds.

A writer announces in its own transaction. Writers of one database never overlap (``engine``), so rows appear
in the order of their numbers and a reader that keeps the last number it handled skips none. What wakes the
reader is only a hint: SQLite's ``PRAGMA data_version``, or what PostgreSQL says (``postgres_feed``).
"""

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine, delete, func, insert, select, text
from sqlalchemy.exc import SQLAlchemyError

from gateway.errors import GatewayError, Kind
from gateway.records import Change, Scope
from gateway.store.tables import changes

CHANNEL = "usher_changes"
POLL_S = 0.1
"""How often SQLite's version is asked for: one counter in shared memory, a few microseconds."""


class ChangeRows:
    """``ports.Changes`` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._notified = False

    def announce(self, scope: Scope, organisation: str, user: str = "", device_id: str = "") -> None:
        row = {"scope": scope, "organisation": organisation, "user_id": user, "device_id": device_id}
        self._connection.execute(insert(changes), row)
        if not self._notified and self._connection.dialect.name == "postgresql":
            self._connection.execute(text(f"SELECT pg_notify('{CHANNEL}', '')"))
            self._notified = True

    def since(self, sequence: int, limit: int = 1000) -> Sequence[Change]:
        statement = (
            select(changes).where(changes.c.sequence > sequence).order_by(changes.c.sequence).limit(limit)
        )
        rows = self._connection.execute(statement).mappings()
        return [
            Change(row["scope"], row["organisation"], row["user_id"], row["device_id"], row["sequence"])
            for row in rows
        ]

    def last(self) -> int:
        return self._connection.scalar(select(func.max(changes.c.sequence))) or 0

    def first(self) -> int:
        return self._connection.scalar(select(func.min(changes.c.sequence))) or 0

    def holds(self, sequence: int) -> bool:
        found = self._connection.execute(select(changes.c.sequence).where(changes.c.sequence == sequence))
        return found.first() is not None

    def prune(self, before: datetime) -> int:
        """Remove rows older than ``before`` but the newest one, which readers use to know their place."""
        newest = select(func.max(changes.c.sequence)).scalar_subquery()
        old = (changes.c.at < before) & (changes.c.sequence < newest)
        return self._connection.execute(delete(changes).where(old)).rowcount


class FeedGap(Exception):
    """Rows were pruned, or the database replaced, behind the reader's back: look at everything again."""


class ChangeFeed(ABC):
    """One reader of the feed, for one dedicated thread; it starts at the present.

    ``wait`` and ``read`` raise ``GatewayError`` UNAVAILABLE while the database does not answer; the next call
    tries anew, and nothing announced in between is lost.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._closed = threading.Event()
        # True at first: what is committed between the two reads of opening gives no hint.
        self._owed = True
        with engine.connect() as connection:
            self.cursor = ChangeRows(connection).last()

    def wait(self, timeout_s: float) -> bool:
        """Block until something may have changed or ``timeout_s`` has passed; True means: read.

        It stays True until a ``read`` succeeded; closed feeds say False.
        """
        if not self._owed and not self._closed.is_set():
            self._owed = self._hinted(timeout_s)
        return self._owed and not self._closed.is_set()

    @abstractmethod
    def _hinted(self, timeout_s: float) -> bool:
        """Whether something may have changed since the last hint, after at most ``timeout_s``."""

    def read(self) -> Sequence[Change]:
        """Everything announced since the last ``read``, in order.

        Raises:
            FeedGap: some of it is gone; the feed goes on from the present.
            GatewayError: UNAVAILABLE.
        """
        try:
            with self._engine.connect() as connection:
                return self._advance(ChangeRows(connection))
        except SQLAlchemyError as error:
            raise GatewayError(Kind.UNAVAILABLE) from error

    def close(self) -> None:
        """End a ``wait`` in another thread and give the connection back; may be called twice."""
        self._closed.set()

    def _advance(self, rows: ChangeRows) -> Sequence[Change]:
        if not self._unbroken(rows):
            self.cursor, self._owed = rows.last(), False
            raise FeedGap
        found: list[Change] = []
        while batch := rows.since(self.cursor):
            found.extend(batch)
            self.cursor = batch[-1].sequence
        self._owed = False
        return found

    def _unbroken(self, rows: ChangeRows) -> bool:
        return rows.holds(self.cursor) if self.cursor else rows.first() <= 1


class SqliteFeed(ChangeFeed):
    """Watches the version that SQLite raises for each commit of any other connection, this process's too."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._connection = engine.raw_connection()
        self._in_use = threading.Lock()
        self._seen = self._version()

    def _hinted(self, timeout_s: float) -> bool:
        deadline = time.monotonic() + timeout_s
        while (version := self._open_version()) == self._seen:
            left = deadline - time.monotonic()
            if left <= 0 or self._closed.wait(min(POLL_S, left)):
                return False
        self._seen = version
        return True

    def close(self) -> None:
        super().close()
        with self._in_use:
            self._connection.close()

    def _open_version(self) -> int:
        with self._in_use:
            return self._seen if self._closed.is_set() else self._version()

    def _version(self) -> int:
        cursor = self._connection.cursor()
        try:
            cursor.execute("PRAGMA data_version")
            row = cursor.fetchone()
        except Exception as error:
            raise GatewayError(Kind.UNAVAILABLE) from error
        finally:
            cursor.close()
        return int(row[0]) if row else 0

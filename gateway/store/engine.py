"""How each database is opened (house.md 4a; perf.md 6).

SQLite: WAL, so that readers never wait for the writer; ``synchronous=FULL``, so that a commit is on the disk
when it returns and an accepted wipe survives a power cut; ``BEGIN IMMEDIATE`` for writers, so that two
writers queue instead of failing half way. An exception never shows the values of its statement, which may be
policy keys or password hashes (T28). PostgreSQL: one advisory lock does the same for the writers of all
nodes, which also makes the numbers of the change feed appear in their order.
"""

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, OperationalError

BUSY_TIMEOUT_S = 10
"""How long a writer waits for another; a write takes milliseconds, so this is a fault and not a queue."""

POOL_SIZE = 8
"""Connections kept per process: as many as the bounded pool of service threads can use."""

WRITERS_LOCK = 0x75736865
"""Key of the advisory lock that PostgreSQL's writers share."""

_ALIVE = {
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
"""Notice a server that is gone without a word within 15 s: the system's own patience is two hours, and there
are only a few threads to wait with."""

_PRAGMAS = ("busy_timeout = 10000", "journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON")
_FORM = "a store URL is sqlite:///FILE or postgresql://USER@HOST/DATABASE"
_WAL_ATTEMPTS = 50
_WRITING = "usher_writing"


def parse(url: str) -> URL:
    """Read a store URL and name the driver: ``sqlite:///path`` or ``postgresql://...``.

    Raises:
        ValueError: neither of the two, or SQLite without a file.
    """
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except ArgumentError:
        raise ValueError(_FORM) from None
    if backend == "sqlite" and parsed.database not in (None, "", ":memory:"):
        return parsed.set(drivername="sqlite+pysqlite")
    if backend == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    raise ValueError(_FORM)


def connect(url: str) -> Engine:
    """Make the engine of one process; never carry one over a fork."""
    parsed = parse(url)
    return _sqlite(parsed) if parsed.get_backend_name() == "sqlite" else _postgresql(parsed)


def writing(connection: Connection) -> Connection:
    """Mark ``connection`` so that its next transaction is a writer's."""
    return connection.execution_options(**{_WRITING: True})


def reading(connection: Connection) -> Connection:
    """Mark ``connection`` so that its next transaction sees one moment and can change nothing."""
    if connection.dialect.name == "postgresql":
        return connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return connection


def _sqlite(url: URL) -> Engine:
    _create_private(Path(str(url.database)))
    engine = create_engine(
        url,
        pool_size=POOL_SIZE,
        max_overflow=POOL_SIZE,
        hide_parameters=True,
        connect_args={"timeout": BUSY_TIMEOUT_S},
    )
    event.listen(engine, "connect", _sqlite_connected)
    event.listen(engine, "begin", _sqlite_begin)
    return engine


def _create_private(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # The file holds password hashes and policy keys; SQLite gives its WAL the mode of the database. One that
    # is there is not opened: closing it would take away the locks of this process's other connections to it.
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _sqlite_connected(connection: Any, _record: object) -> None:
    # The driver's own implicit BEGIN is switched off: it starts too late and never IMMEDIATE.
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        _execute_patiently(connection, f"PRAGMA {pragma}")


def _execute_patiently(connection: Any, statement: str) -> None:
    # Changing the journal mode ignores the busy timeout, and processes that start together do it together.
    for attempt in range(_WAL_ATTEMPTS):
        try:
            connection.execute(statement)
        except Exception as error:
            if "locked" not in str(error) or attempt == _WAL_ATTEMPTS - 1:
                raise
            time.sleep(0.02)
        else:
            return


def _sqlite_begin(connection: Connection) -> None:
    immediate = connection.get_execution_options().get(_WRITING)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _postgresql(url: URL) -> Engine:
    engine = create_engine(
        url,
        pool_size=POOL_SIZE,
        max_overflow=POOL_SIZE,
        hide_parameters=True,
        pool_pre_ping=True,
        pool_timeout=BUSY_TIMEOUT_S,
        connect_args={
            "connect_timeout": BUSY_TIMEOUT_S,
            "application_name": "usher",
            **_ALIVE,
            # A node that dies in a transaction must not keep the writers' lock of all the others.
            "options": f"-c lock_timeout={BUSY_TIMEOUT_S}s -c idle_in_transaction_session_timeout=60s",
        },
    )
    event.listen(engine, "begin", _postgresql_begin)
    return engine


def _postgresql_begin(connection: Connection) -> None:
    if connection.get_execution_options().get(_WRITING):
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": WRITERS_LOCK})


def is_conflict(error: OperationalError) -> bool:
    """Tell a lost race (serialisation failure, deadlock), worth another try, from a broken database."""
    return getattr(error.orig, "sqlstate", None) in ("40001", "40P01")

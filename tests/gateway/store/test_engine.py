"""How the databases are opened."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from gateway.store import DatabaseStore, open_store
from gateway.store.engine import connect, parse, reading, writing


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://x/y", "postgres", "oracle://x"])
def test_only_a_file_or_postgresql_is_a_store(url: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse(url)


def test_the_driver_is_named() -> None:
    assert parse("postgresql://u@h/d").drivername == "postgresql+psycopg"
    assert parse("sqlite:///x.db").drivername == "sqlite+pysqlite"


def test_a_commit_on_sqlite_survives_a_power_cut(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'usher.db'}")
    with engine.connect() as connection:
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
        assert connection.scalar(text("PRAGMA synchronous")) == 2
        assert connection.scalar(text("PRAGMA foreign_keys")) == 1
        assert connection.scalar(text("PRAGMA busy_timeout")) == 10_000
    engine.dispose()


def test_the_file_is_nobody_elses(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'usher.db'}")
    with writing(engine.connect()) as connection, connection.begin():
        connection.execute(text("CREATE TABLE t (x INTEGER)"))
        for path in tmp_path.iterdir():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    engine.dispose()


COMES_AND_GOES = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("INSERT INTO t VALUES (2)")
connection.commit()
connection.close()
"""


def test_a_second_engine_of_a_process_leaves_the_locks_of_the_first(tmp_path: Path) -> None:
    """Locks of POSIX go with the first descriptor of the file that the process closes. Another process that
    ends then believes to be the last one and removes the log in which the first still reads and writes."""
    file = tmp_path / "usher.db"
    engine = connect(f"sqlite:///{file}")
    with engine.connect() as reader:
        with writing(engine.connect()) as connection, connection.begin():
            connection.execute(text("CREATE TABLE t (x INTEGER)"))
        assert reader.scalar(text("SELECT count(*) FROM t")) == 0
        connect(f"sqlite:///{file}").dispose()
        subprocess.run([sys.executable, "-c", COMES_AND_GOES, file], check=True)
        assert (tmp_path / "usher.db-wal").exists()
    with writing(engine.connect()) as connection, connection.begin():
        connection.execute(text("INSERT INTO t VALUES (3)"))
        assert connection.scalar(text("SELECT count(*) FROM t")) == 2
    engine.dispose()


def test_a_reader_of_postgresql_cannot_write(store_url: str) -> None:
    engine = connect(store_url)
    if engine.dialect.name == "postgresql":
        with reading(engine.connect()) as connection:
            assert connection.scalar(text("SHOW transaction_read_only")) == "on"
        with writing(engine.connect()) as connection:
            assert connection.scalar(text("SHOW transaction_read_only")) == "off"
            assert connection.scalar(text("SHOW transaction_isolation")) == "read committed"
    engine.dispose()


def test_an_abandoned_engine_holds_no_file(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'usher.db'}")
    assert isinstance(store, DatabaseStore)
    store.close()
    (tmp_path / "usher.db").unlink()


def test_the_folder_of_a_new_database_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path}/new/folder/usher.db")
    engine.dispose()
    assert (tmp_path / "new/folder").stat().st_mode & 0o777 == 0o700


def test_a_postgresql_that_is_gone_without_a_word_is_noticed(store_url: str) -> None:
    engine = connect(store_url)
    if engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            said = connection.connection.dbapi_connection.info.get_parameters()
        assert (said["keepalives_idle"], said["keepalives_count"], said["tcp_user_timeout"]) == (
            "5",
            "3",
            "15000",
        )
    engine.dispose()

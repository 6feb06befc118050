"""What a backup holds: every table, one moment, values that any database can read."""

import importlib
import io
import pkgutil
import threading
import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import ARRAY, Integer, inspect, text

import gateway.store
from gateway.errors import GatewayError, Kind
from gateway.records import Actor, ResourceKind
from gateway.store import DatabaseStore, engine, open_store
from gateway.store.backup import dump, kind_of
from gateway.store.backup_files import KINDS, BackupReader, BackupWriter, Manifest
from gateway.store.tables import Instant, metadata
from tests.support.stores import NOON, Keys
from tests.support.world import World

BUSY = Actor("admin", "busy")
OTHERS = {"alembic_version", "sqlite_sequence"}


def taken(url: str) -> bytes:
    """A backup of the database at ``url``."""
    file = io.BytesIO()
    with BackupWriter(file) as out:
        out.close(dump(url, "0.1.0", NOON, out))
    return file.getvalue()


def manifest_of(data: bytes) -> Manifest:
    return BackupReader(io.BytesIO(data)).manifest


def test_every_table_of_the_database_is_in_it(store_url: str) -> None:
    """A further table is taken along without anybody thinking of it."""
    made = engine.connect(store_url)
    there = set(inspect(made).get_table_names()) - OTHERS
    made.dispose()
    assert {table.name for table in manifest_of(taken(store_url)).tables} == there == set(metadata.tables)


def test_no_file_of_tables_is_forgotten() -> None:
    for module in pkgutil.iter_modules(gateway.store.__path__):
        if module.name.startswith("tables"):
            before = set(metadata.tables)
            importlib.import_module(f"gateway.store.{module.name}")
            assert set(metadata.tables) == before, f"gateway.store.backup does not know {module.name}"


def test_every_column_has_a_kind() -> None:
    for table in metadata.tables.values():
        assert {kind_of(column.type) for column in table.columns} <= KINDS


def test_a_column_of_an_unknown_type_is_no_silent_loss() -> None:
    with pytest.raises(TypeError, match="no backup knows"):
        kind_of(ARRAY(Integer))


def test_rows_and_their_numbers(store_url: str, store: DatabaseStore) -> None:
    world = World(store)
    world.organisation()
    world.provisioned_phone(world.user())
    manifest = manifest_of(taken(store_url))
    tables = {table.name: table for table in manifest.tables}
    assert tables["users"].rows == tables["devices"].rows == 1
    assert tables["changes"].counter >= tables["changes"].rows > 2
    assert tables["users"].counter == 0
    assert (manifest.release, manifest.taken_at) == ("0.1.0", "2026-03-01T12:30:15.123456+00:00")
    assert manifest.rows == sum(table.rows for table in manifest.tables)


def test_a_moment_is_written_in_one_form(store_url: str, store: DatabaseStore) -> None:
    World(store).organisation()
    reader = BackupReader(io.BytesIO(taken(store_url)))
    (table,) = (each for each in reader.manifest.tables if each.name == "organisations")
    (row,) = reader.rows(table)
    values = dict(zip((name for name, _ in table.columns), row, strict=True))
    assert datetime.fromisoformat(values["created_at"]).utcoffset() == timedelta()
    assert values["legacy_versions"] in (True, False)
    assert isinstance(values["safeguards"], str)


def test_instants_of_other_zones_are_utc() -> None:
    assert kind_of(Instant()) == "instant"
    from gateway.store.backup import _instant

    east = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    assert _instant(east) == "2026-01-01T10:00:00.000000+00:00"
    assert _instant("2026-01-01 10:00:00") == "2026-01-01T10:00:00.000000+00:00"
    assert _instant(datetime(2026, 1, 1, 10, tzinfo=UTC)) == "2026-01-01T10:00:00.000000+00:00"


def test_a_database_of_another_release_is_left_to_that_release(store_url: str) -> None:
    made = engine.connect(store_url)
    with made.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0009'"))
    made.dispose()
    with pytest.raises(GatewayError) as refused:
        taken(store_url)
    assert refused.value.kind is Kind.CONFLICT


def test_a_backup_beside_busy_writers_shows_one_moment(store_url: str, store: DatabaseStore) -> None:
    """Each change writes a row and its audit record in one transaction: a backup that sees one sees both."""
    World(store).organisation()
    stop = threading.Event()

    def write() -> None:
        mine = open_store(store_url)
        there = World(mine, keys=Keys(list(range(1000))))
        number = 0
        while not stop.is_set():
            number += 1
            there.resources.create(BUSY, "acme", f"room{number}@acme.example", "Room", ResourceKind.ROOM)
        mine.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        counts = []
        deadline = time.monotonic() + 30
        while len(set(counts)) < 4 and time.monotonic() < deadline:
            counts.append(_rooms_and_records(taken(store_url)))
    finally:
        stop.set()
        writer.join(30)
    assert len(set(counts)) >= 2, "nothing was written meanwhile"
    assert all(rooms == records == addresses for rooms, records, addresses in counts)


def _rooms_and_records(data: bytes) -> tuple[int, int, int]:
    reader = BackupReader(io.BytesIO(data))
    tables = {table.name: table for table in reader.manifest.tables}
    records = [row for row in reader.rows(tables["audit"]) if "admin:resource:created" in row]
    addresses = [row for row in reader.rows(tables["addresses"]) if row[0].startswith("room")]
    return tables["resources"].rows, len(records), len(addresses)


def test_no_database_no_backup(tmp_path: Path) -> None:
    with pytest.raises(GatewayError) as refused:
        taken(f"sqlite:///{tmp_path / 'none.db'}")
    assert refused.value.kind is Kind.CONFLICT

"""A restore: the same rows in either database, all or nothing, and every reader of the feed looks again."""

import io
import json
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text

from gateway.errors import GatewayError, Kind
from gateway.records import Actor, AuditRecord, AuditTag, Scope
from gateway.records.administrators import Administrator, Session
from gateway.records.authority import MACHINE
from gateway.store import DatabaseStore, FeedGap, engine, migrate, open_store, schema
from gateway.store.backup_files import BackupReader, BackupWriter, Manifest, TableContent
from gateway.store.restoring import restore
from mdm.device import DeviceInformation, WipeKind
from tests.gateway.store.test_backup import taken
from tests.support.postgres import shared_cluster
from tests.support.stores import NOON
from tests.support.world import ADMIN, World

RECORD = AuditRecord(AuditTag.STORE_RESTORED, NOON, Actor("admin", "cli:root"), "", "backup")


def put(url: str, data: bytes, *, replacing: bool = False) -> None:
    reader = BackupReader(io.BytesIO(data))
    reader.verify()
    restore(url, reader, RECORD, replacing=replacing)


def furnished(url: str) -> None:
    """A database with something in most of its tables."""
    store = open_store(url)
    world = World(store)
    world.organisation()
    device = world.provisioned_phone(world.user())
    world.user("bob@acme.example")
    with store.write() as transaction:
        known = transaction.devices.get(device.key)
        assert known is not None
        told = DeviceInformation(model='Großes "Telefon" 📱', os="iOS 17")
        transaction.devices.save(replace(known, information=told))
    world.devices.require_wipe(ADMIN, device.key, WipeKind.DEVICE, "lost")
    store.close()


def rows_of(data: bytes) -> dict[str, list[list[object]]]:
    reader = BackupReader(io.BytesIO(data))
    return {table.name: list(reader.rows(table)) for table in reader.manifest.tables}


def without_documents(rows: dict[str, list[list[object]]]) -> dict[str, list[list[object]]]:
    """The same where documents are compared by what they say: PostgreSQL spells them its own way."""
    return {
        name: [
            [
                json.loads(value) if isinstance(value, str) and value[:1] in ("{", "[") else value
                for value in row
            ]
            for row in found
        ]
        for name, found in rows.items()
    }


@pytest.fixture
def target(store_url: str, tmp_path: Path) -> str:
    """A database without even a schema, of the other kind."""
    if store_url.startswith("sqlite"):
        return shared_cluster().fresh_database("template0")
    return f"sqlite:///{tmp_path / 'other.db'}"


@pytest.mark.postgres
def test_there_and_back_every_row_is_the_same(store_url: str, target: str, tmp_path: Path) -> None:
    """SQLite to PostgreSQL and the other way: the move to a larger installation."""
    furnished(store_url)
    first = taken(store_url)
    put(target, first)
    second = taken(target)
    before, after = without_documents(rows_of(first)), without_documents(rows_of(second))
    before.pop("changes")
    after.pop("changes")
    trail, trail_after = before.pop("audit"), after.pop("audit")
    assert after == before
    assert [row[:14] for row in trail_after[: len(trail)]] == [row[:14] for row in trail]
    assert len(trail_after) == len(trail) + 1

    third = tmp_path / "third.db"
    put(f"sqlite:///{third}", second)
    assert without_documents(rows_of(taken(f"sqlite:///{third}")))["devices"] == before["devices"]


@pytest.mark.postgres
def test_the_other_database_serves(store_url: str, target: str) -> None:
    furnished(store_url)
    put(target, taken(store_url))
    store = open_store(target)
    world = World(store)
    (device,) = world.devices.list()
    assert device.wipe is not None
    assert device.information.model == 'Großes "Telefon" 📱'
    tags = [record.tag for record in world.trail()]
    assert tags[-1] is AuditTag.STORE_RESTORED
    with store.write() as transaction:
        transaction.audit.append(RECORD)
    assert [record.sequence for record in world.trail()] == sorted({r.sequence for r in world.trail()})
    store.close()


def test_a_fresh_database_takes_it_without_a_word(store_url: str, tmp_path: Path) -> None:
    """What ``usher serve`` made at its first start is empty enough."""
    furnished(store_url)
    url = f"sqlite:///{tmp_path / 'fresh.db'}"
    migrate(url)
    put(url, taken(store_url))
    store = open_store(url)
    assert len(World(store).devices.list()) == 1
    store.close()


def test_a_database_in_use_is_replaced_only_when_told(store_url: str) -> None:
    furnished(store_url)
    data = taken(store_url)
    store = open_store(store_url)
    world = World(store)
    trail = world.trail()[-1].sequence
    with pytest.raises(GatewayError) as refused:
        put(store_url, data)
    assert refused.value.kind is Kind.CONFLICT
    with store.write() as transaction:
        transaction.devices.remove(world.devices.list()[0].key)
    put(store_url, data, replacing=True)
    assert len(world.devices.list()) == 1
    assert world.trail()[-1].after["replaced_trail"] >= trail
    store.close()


def test_nobody_is_signed_in_again(store_url: str) -> None:
    store = open_store(store_url)
    root = Administrator("a-1", "root", "Root", NOON, "cli:root", "a-1", appointments=MACHINE)
    session = Session("s-1", "d" * 64, root.id, NOON, NOON, NOON, NOON + timedelta(hours=8))
    with store.write() as transaction:
        transaction.administrators.add(root)
        transaction.sessions.add(session)
    data = taken(store_url)
    put(store_url, data, replacing=True)
    with store.read() as transaction:
        assert transaction.administrators.account(root.id) is not None
        assert transaction.sessions.of(root.id) == []
    store.close()


def test_the_trail_still_refuses_to_be_changed(store_url: str) -> None:
    furnished(store_url)
    put(store_url, taken(store_url), replacing=True)
    made = engine.connect(store_url)
    for statement in ("DELETE FROM audit", "UPDATE audit SET reason = 'x'"):
        with pytest.raises(Exception, match="append-only"), made.begin() as connection:
            connection.execute(text(statement))
    made.dispose()


def test_who_reads_the_feed_is_told_that_all_is_new(store_url: str, store: DatabaseStore) -> None:
    furnished(store_url)
    data = taken(store_url)
    feed = store.feed()
    feed.wait(1)
    feed.read()
    put(store_url, data, replacing=True)
    deadline = time.monotonic() + 20
    with pytest.raises(FeedGap):
        while time.monotonic() < deadline:
            feed.wait(1)
            feed.read()
    with store.write() as transaction:
        transaction.changes.announce(Scope.POLICY, "m-1")
    assert [change.organisation for change in feed.read()] == ["m-1"]
    feed.close()


def test_an_older_backup_is_brought_to_this_release(store_url: str, tmp_path: Path) -> None:
    """Taken by a release that knew neither the list's table nor families (0006): the steps run over it."""
    furnished(store_url)
    old = _of_release(taken(store_url), "0009")
    url = f"sqlite:///{tmp_path / 'older.db'}"
    put(url, old)
    store = open_store(url)
    assert len(World(store).devices.list()) == 1
    store.close()
    made = engine.connect(url)
    with made.connect() as connection:
        assert schema.present(connection) == schema.newest()
    made.dispose()


def _of_release(data: bytes, revision: str) -> bytes:
    """The same backup as that release would have taken it: its tables and its columns."""
    made = create_engine("sqlite://")
    with made.begin() as connection:
        schema.bring(connection, revision)
        there = inspect(connection)
        names = {name: [c["name"] for c in there.get_columns(name)] for name in there.get_table_names()}
    made.dispose()
    reader, file = BackupReader(io.BytesIO(data)), io.BytesIO()
    with BackupWriter(file) as out:
        tables = [
            _cut(reader, table, names[table.name], out)
            for table in reader.manifest.tables
            if table.name in names
        ]
        out.close(replace(reader.manifest, revision=revision, tables=tuple(tables)))
    return file.getvalue()


def _cut(reader: BackupReader, table: TableContent, names: list[str], out: BackupWriter) -> TableContent:
    kept = [place for place, (name, _) in enumerate(table.columns) if name in names]
    with out.member(table.content.name) as sink:
        for row in reader.rows(table):
            sink.write(json.dumps([row[place] for place in kept]).encode() + b"\n")
    columns = tuple(table.columns[place] for place in kept)
    return replace(table, columns=columns, content=sink.content())


def changed(data: bytes, **values: object) -> bytes:
    reader, file = BackupReader(io.BytesIO(data)), io.BytesIO()
    with BackupWriter(file) as out:
        for table in reader.manifest.tables:
            with out.member(table.content.name) as sink:
                sink.write(reader.octets(table.content))
        manifest: Manifest = replace(reader.manifest, **values)  # type: ignore[arg-type]
        out.close(manifest)
    return file.getvalue()


def test_a_newer_backup_is_left_to_its_release(store_url: str, tmp_path: Path) -> None:
    data = changed(taken(store_url), revision="9999", release="9.9")
    with pytest.raises(GatewayError, match=r"Usher 9\.9") as refused:
        put(f"sqlite:///{tmp_path / 'new.db'}", data)
    assert refused.value.kind is Kind.UNSUPPORTED


def test_a_newer_database_is_not_taken_apart(store_url: str) -> None:
    data = taken(store_url)
    made = engine.connect(store_url)
    with made.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    made.dispose()
    with pytest.raises(GatewayError) as refused:
        put(store_url, data, replacing=True)
    assert refused.value.kind is Kind.UNSUPPORTED


def test_a_foreign_table_is_refused(store_url: str) -> None:
    data = taken(store_url)
    reader = BackupReader(io.BytesIO(data))
    first, *others = reader.manifest.tables
    strange = changed(data, tables=(replace(first, name="pg_authid"), *others))
    with pytest.raises(GatewayError, match="pg_authid"):
        put(store_url, strange, replacing=True)


def test_a_row_that_does_not_fit_leaves_everything_as_it_was(store_url: str, store: DatabaseStore) -> None:
    furnished(store_url)
    data = taken(store_url)
    reader, file = BackupReader(io.BytesIO(data)), io.BytesIO()
    with BackupWriter(file) as out:
        tables = []
        for table in reader.manifest.tables:
            with out.member(table.content.name) as sink:
                sink.write(reader.octets(table.content) * (2 if table.name == "devices" else 1))
            rows = table.rows * (2 if table.name == "devices" else 1)
            tables.append(replace(table, rows=rows, content=sink.content()))
        out.close(replace(reader.manifest, tables=tuple(tables)))
    before = World(store).trail()
    with pytest.raises(GatewayError, match="row of devices") as refused:
        put(store_url, file.getvalue(), replacing=True)
    assert refused.value.kind is Kind.MALFORMED
    assert World(store).trail() == before
    assert len(World(store).devices.list()) == 1

"""Migrations: the schema they make, races, and the neighbour of another release."""

import multiprocessing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from gateway.errors import GatewayError, Kind
from gateway.store import migrate, open_store
from gateway.store.engine import connect
from gateway.store.tables import metadata
from tests.support.postgres import shared_cluster
from tests.support.stores import ACME


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        return shared_cluster().fresh_database("template0")
    return f"sqlite:///{tmp_path / 'usher.db'}"


def _differences(engine: Engine) -> list[object]:
    with engine.connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))


def test_the_steps_make_exactly_the_tables(empty_url: str) -> None:
    migrate(empty_url)
    engine = connect(empty_url)
    assert _differences(engine) == []
    engine.dispose()


def test_migrating_again_changes_nothing(empty_url: str) -> None:
    migrate(empty_url)
    store = open_store(empty_url)
    with store.write() as transaction:
        transaction.directory.add_organisation(ACME)
    migrate(empty_url)
    with store.read() as transaction:
        assert transaction.directory.organisations() == [ACME]
    store.close()


def test_processes_that_start_together_do_not_collide(empty_url: str) -> None:
    spawn = multiprocessing.get_context("spawn")
    with spawn.Pool(3) as pool:
        assert pool.map(migrate, [empty_url] * 6, chunksize=1) == [None] * 6


def test_a_database_of_a_newer_release_is_left_alone(empty_url: str) -> None:
    migrate(empty_url)
    engine = connect(empty_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    migrate(empty_url)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "9999"
    engine.dispose()


def test_a_failing_step_leaves_nothing(empty_url: str) -> None:
    engine = connect(empty_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE changes (other INTEGER)"))
    with pytest.raises(GatewayError) as caught:
        migrate(empty_url)
    assert caught.value.kind is Kind.UNAVAILABLE
    assert inspect(engine).get_table_names() == ["changes"]
    engine.dispose()


def test_an_unreachable_database_is_unavailable() -> None:
    with pytest.raises(GatewayError) as caught:
        migrate("postgresql://usher@127.0.0.1:1/nothing")
    assert caught.value.kind is Kind.UNAVAILABLE

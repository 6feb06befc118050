"""Services run on the real store; the contract suite runs them on PostgreSQL as well."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.store import DatabaseStore, migrate, open_store
from tests.support.world import World


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DatabaseStore]:
    url = f"sqlite:///{tmp_path / 'usher.db'}"
    migrate(url)
    store = open_store(url)
    yield store
    store.close()


@pytest.fixture
def world(store: DatabaseStore) -> World:
    return World(store)

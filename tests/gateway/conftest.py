"""The application before a recording mail server, for the tests of its parts."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.store import DatabaseStore, migrate, open_store
from tests.support.desk import desk
from tests.support.gateway import backend, gateway

__all__ = ["backend", "desk", "gateway"]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DatabaseStore]:
    url = f"sqlite:///{tmp_path / 'usher.db'}"
    migrate(url)
    store = open_store(url)
    yield store
    store.close()

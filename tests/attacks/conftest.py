"""The whole application and a recording mail server for every attack; both databases for some."""

from collections.abc import Iterator

import pytest

from tests.support import scopes
from tests.support.desk import desk
from tests.support.gateway import backend, gateway
from tests.support.scopes import Estate
from tests.support.stores import store, store_url

__all__ = ["backend", "desk", "gateway", "store", "store_url"]


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    """Two organisations with one of everything in each."""
    made = scopes.furnish(tmp_path_factory.mktemp("estate"))
    yield made
    made.desk.services.store.close()

"""Services run on the real store; the contract suite runs them on PostgreSQL as well."""

import pytest

from gateway.store import DatabaseStore
from tests.support.world import World


@pytest.fixture
def world(store: DatabaseStore) -> World:
    return World(store)

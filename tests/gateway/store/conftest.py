"""Every test here runs on every database."""

import pytest

from gateway.records import Domain
from gateway.store import DatabaseStore
from tests.support.stores import ACME, GLOBEX, store, store_url

__all__ = ["store", "store_url"]


@pytest.fixture
def acme(store: DatabaseStore) -> None:
    with store.write() as transaction:
        transaction.directory.add_organisation(ACME)


@pytest.fixture
def acme_and_globex(store: DatabaseStore, acme: None) -> None:
    with store.write() as transaction:
        transaction.directory.add_organisation(GLOBEX)


@pytest.fixture
def acme_example(store: DatabaseStore, acme: None) -> None:
    with store.write() as transaction:
        transaction.directory.add_domain(Domain("acme.example", ACME.id, default=True))

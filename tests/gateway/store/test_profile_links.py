"""Rows of one-time links, on every database: used once, whoever comes at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from gateway.errors import LostRace
from gateway.store import DatabaseStore
from tests.support.stores import ACME, NOON, user

SOON = NOON + timedelta(minutes=10)


@pytest.fixture(autouse=True)
def _link(store: DatabaseStore) -> None:
    with store.write() as transaction:
        transaction.directory.add_organisation(ACME)
        transaction.directory.add_user(user())
        transaction.profile_links.add("d1", user().id, SOON)


def test_a_link_is_taken_once(store: DatabaseStore) -> None:
    def take(_: int) -> str | None:
        with store.write() as transaction:
            return transaction.profile_links.take("d1", NOON)

    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(take, range(16)))
    assert [who for who in taken if who is not None] == [user().id]


def test_a_link_that_expired_or_never_was_is_nobodys(store: DatabaseStore) -> None:
    with store.write() as transaction:
        assert transaction.profile_links.take("d1", SOON) is None
        assert transaction.profile_links.take("d2", NOON) is None
        assert transaction.profile_links.take("d1", SOON - timedelta(seconds=1)) == user().id


def test_a_digest_is_given_once(store: DatabaseStore) -> None:
    with pytest.raises(LostRace), store.write() as transaction:
        transaction.profile_links.add("d1", user().id, SOON)


def test_expired_links_are_pruned(store: DatabaseStore) -> None:
    with store.write() as transaction:
        transaction.profile_links.add("d2", user().id, SOON + timedelta(hours=1))
        assert transaction.profile_links.prune(SOON + timedelta(seconds=1)) == 1
        assert transaction.profile_links.take("d1", NOON) is None
        assert transaction.profile_links.take("d2", NOON) == user().id


def test_a_link_goes_with_its_user(store: DatabaseStore) -> None:
    with store.write() as transaction:
        transaction.directory.remove_user(user().id)
        assert transaction.profile_links.take("d1", NOON) is None


def test_looking_at_a_link_leaves_it_as_it_is(store: DatabaseStore) -> None:
    with store.write() as transaction:
        links = transaction.profile_links
        assert [links.find("d1", NOON) for _ in range(2)] == [user().id] * 2
        assert links.find("d1", SOON) is links.find("d2", NOON) is None
        assert links.take("d1", NOON) == user().id
        assert links.find("d1", NOON) is None

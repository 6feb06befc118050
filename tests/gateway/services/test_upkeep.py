"""Cutting back what grows."""

from datetime import UTC, datetime, timedelta

from gateway.records import Scope
from gateway.services.upkeep import CHANGES_KEPT, prune
from gateway.store import DatabaseStore
from tests.support.stores import ACME, NOON, Clock, user


def test_changes_are_kept_for_a_day_and_the_newest_for_ever(store: DatabaseStore) -> None:
    with store.write() as transaction:
        for name in "ABC":
            transaction.changes.announce(Scope.DEVICE, "m-1", "u-1", name)
    written = datetime.now(UTC)  # noqa: TID251 - the database stamps the rows with its own clock
    assert prune(store, Clock(written + CHANGES_KEPT - timedelta(minutes=1))) == 0
    assert prune(store, Clock(written + CHANGES_KEPT + timedelta(minutes=1))) == 2
    with store.read() as transaction:
        assert [change.device_id for change in transaction.changes.since(0)] == ["C"]


def test_profile_links_are_kept_until_they_expire(store: DatabaseStore) -> None:
    with store.write() as transaction:
        transaction.directory.add_organisation(ACME)
        transaction.directory.add_user(user())
        transaction.profile_links.add("digest", user().id, NOON + timedelta(hours=1))
    assert prune(store, Clock(NOON + timedelta(minutes=59))) == 0
    assert prune(store, Clock(NOON + timedelta(minutes=61))) == 1

"""What only PostgreSQL's feed can meet; what holds for every feed: test_changes.py."""

import pytest
from sqlalchemy import text

from gateway.errors import GatewayError, Kind
from gateway.records import Change, Scope
from gateway.store import DatabaseStore, open_store
from tests.support.stores import ACME


@pytest.mark.postgres
@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_a_feed_recovers_from_a_server_that_hung_up(store: DatabaseStore) -> None:
    feed = store.feed()
    feed.wait(0.1)
    with store._engine.connect() as connection:
        others = "pid <> pg_backend_pid() AND datname = current_database()"
        connection.execute(text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"))  # noqa: S608
    with store.write() as transaction:
        transaction.changes.announce(Scope.DEVICE, ACME.id, "u-1", "A")
    found: list[Change] = []
    for _ in range(5):
        try:
            feed.wait(0.5)
            found.extend(feed.read())
        except GatewayError as error:
            assert error.kind is Kind.UNAVAILABLE
    assert [change.device_id for change in found] == ["A"]
    feed.close()


def test_an_unreachable_server_is_unavailable() -> None:
    store = open_store("postgresql://usher@127.0.0.1:1/nothing")
    with pytest.raises(GatewayError) as caught:
        store.feed()
    assert caught.value.kind is Kind.UNAVAILABLE
    store.close()

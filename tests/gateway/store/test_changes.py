"""The change feed inside one process, on every database; between processes: tests/contract."""

import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from gateway.errors import GatewayError
from gateway.records import Change, Scope
from gateway.store import ChangeFeed, DatabaseStore, FeedGap
from gateway.store.changes import ChangeRows
from gateway.store.engine import connect
from tests.support.stores import ACME, NOON


@pytest.fixture
def feed(store: DatabaseStore) -> Iterator[ChangeFeed]:
    feed = store.feed()
    yield feed
    feed.close()
    feed.close()


def announce(store: DatabaseStore, *devices: str) -> None:
    with store.write() as transaction:
        for name in devices:
            transaction.changes.announce(Scope.DEVICE, ACME.id, "u-1", name)


def names(changes: list[Change]) -> list[str]:
    return [change.device_id for change in changes]


def wait_and_read(feed: ChangeFeed) -> list[Change]:
    assert feed.wait(2)
    return list(feed.read())


def test_a_feed_starts_at_the_present_and_gives_each_change_once(store: DatabaseStore) -> None:
    announce(store, "OLD")
    feed = store.feed()
    announce(store, "A", "B")
    assert names(wait_and_read(feed)) == ["A", "B"]
    assert feed.read() == []
    announce(store, "C")
    assert names(list(feed.read())) == ["C"]
    feed.close()


def test_waiting_ends_when_a_change_comes(store: DatabaseStore, feed: ChangeFeed) -> None:
    feed.wait(0.2)
    feed.read()
    timer = threading.Timer(0.2, announce, (store, "A"))
    timer.start()
    started = time.monotonic()
    found: list[Change] = []
    while not found and time.monotonic() - started < 30:
        feed.wait(30)
        found = list(feed.read())
    timer.join()
    assert names(found) == ["A"]
    assert time.monotonic() - started < 15


def test_waiting_ends_with_the_time_or_with_close(feed: ChangeFeed) -> None:
    feed.wait(0.2)
    started = time.monotonic()
    feed.wait(0.2)
    assert time.monotonic() - started < 10


def test_a_feed_is_used_by_its_thread_and_closed_by_another(store: DatabaseStore) -> None:
    feed = store.feed()
    answers: list[bool] = []

    def run() -> None:
        while feed.wait(0.3):
            feed.read()
        answers.extend((feed.wait(30), feed.wait(30)))

    thread = threading.Thread(target=run)
    thread.start()
    time.sleep(0.1)
    started = time.monotonic()
    feed.close()
    thread.join(30)
    assert answers == [False, False]
    assert time.monotonic() - started < 15


def test_a_hint_holds_until_it_was_read(store: DatabaseStore, feed: ChangeFeed) -> None:
    feed.wait(0.2)
    feed.read()
    announce(store, "A")
    assert feed.wait(2)
    away, feed._engine = feed._engine, connect("postgresql://usher@127.0.0.1:1/nothing")
    with pytest.raises(GatewayError):
        feed.read()
    feed._engine = away
    assert feed.wait(0)
    assert names(list(feed.read())) == ["A"]


def test_more_than_a_page_is_read_in_order(store: DatabaseStore, feed: ChangeFeed) -> None:
    announce(store, *(f"D{number}" for number in range(1500)))
    assert names(list(feed.read())) == [f"D{number}" for number in range(1500)]


def test_pruning_keeps_the_newest_row(store: DatabaseStore, feed: ChangeFeed) -> None:
    announce(store, "A", "B", "C")
    feed.read()
    with store.write() as transaction:
        assert transaction.changes.prune(NOON - timedelta(days=3650)) == 0
        assert transaction.changes.prune(NOON + timedelta(days=36500)) == 2
        assert transaction.changes.last() == 3
    announce(store, "D")
    assert names(list(feed.read())) == ["D"]


def test_a_reader_that_slept_past_the_pruning_is_told(store: DatabaseStore, feed: ChangeFeed) -> None:
    announce(store, "A")
    feed.read()
    announce(store, "B", "C")
    with store.write() as transaction:
        transaction.changes.prune(NOON + timedelta(days=36500))
    with pytest.raises(FeedGap):
        feed.read()
    announce(store, "D")
    assert names(list(feed.read())) == ["D"]


def test_since_and_last_agree(store: DatabaseStore) -> None:
    announce(store, "A", "B")
    with store.read() as transaction:
        rows = transaction.changes
        assert isinstance(rows, ChangeRows)
        assert rows.last() == 2
        assert names(list(rows.since(1))) == ["B"]
        assert rows.since(0, limit=1)[0].sequence == 1
        assert (rows.first(), rows.holds(2), rows.holds(3)) == (1, True, False)

"""The change feed between processes (house.md 4a, product 9.3): seen within a second, in order, none
skipped."""

import multiprocessing
import time
from multiprocessing.connection import Connection

from gateway.records import Scope
from gateway.store import DatabaseStore, open_store

SPAWN = multiprocessing.get_context("spawn")


def watch(url: str, pipe: Connection, expected: int) -> None:
    """A process that reads the feed and reports each change with the moment it saw it."""
    store = open_store(url)
    feed = store.feed()
    pipe.send("ready")
    seen = 0
    while seen < expected:
        if feed.wait(5):
            for change in feed.read():
                pipe.send((change.device_id, change.sequence, time.time()))
                seen += 1
    feed.close()
    store.close()


def announce_many(url: str, name: str, count: int) -> None:
    """A process that changes something again and again."""
    store = open_store(url)
    for number in range(count):
        with store.write() as transaction:
            transaction.changes.announce(Scope.DEVICE, "m-1", "u-1", f"{name}{number}")
    store.close()


def test_another_process_sees_a_change_within_a_second(store: DatabaseStore, store_url: str) -> None:
    ours, theirs = SPAWN.Pipe()
    watcher = SPAWN.Process(target=watch, args=(store_url, theirs, 5))
    watcher.start()
    assert ours.recv() == "ready"
    for number in range(5):
        time.sleep(0.15)
        with store.write() as transaction:
            transaction.changes.announce(Scope.DEVICE, "m-1", "u-1", f"D{number}")
        committed = time.time()
        name, _, seen_at = ours.recv()
        assert name == f"D{number}"
        assert seen_at - committed < 1
    watcher.join(10)


def test_no_change_of_many_writers_is_skipped(store_url: str) -> None:
    ours, theirs = SPAWN.Pipe()
    writers, each = 3, 40
    watcher = SPAWN.Process(target=watch, args=(store_url, theirs, writers * each))
    watcher.start()
    assert ours.recv() == "ready"
    crowd = [SPAWN.Process(target=announce_many, args=(store_url, name, each)) for name in "ABC"]
    for writer in crowd:
        writer.start()
    seen = [ours.recv() for _ in range(writers * each)]
    for process in (*crowd, watcher):
        process.join(20)
    assert {name for name, _, _ in seen} == {f"{name}{number}" for name in "ABC" for number in range(each)}
    numbers = [sequence for _, sequence, _ in seen]
    assert numbers == sorted(numbers)

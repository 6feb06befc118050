"""What is on the board, kept over time: differences, whatever happens to workers and database."""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from gateway.board_watch import BoardWatch, parked, sums
from gateway.errors import GatewayError, Kind
from gateway.records.history import Traffic
from gateway.services.history import History
from gateway.store import migrate, open_store
from tests.support.stores import Clock


def document(answers: int, *, role: str = "clients", waiting: float = 4, age: float = 0) -> dict[str, Any]:
    return {
        "role": role,
        "at": time.monotonic() - age,
        "answered": [
            ["Sync", "answered", 200, answers],
            ["Sync", "backend down", 503, 2],
            ["Sync", "no credentials", 401, 50],
            ["Sync", "unauthenticated", 401, 1],
            ["FolderSync", "provision", 449, 5],
            ["autodiscover pox", "", 200, 7],
            ["autodiscover json", "", 404, 1],
            ["", "malformed", 400, 9],
        ],
        "gauges": {"parked_requests": {"one": waiting, "two": 1.0}},
    }


def test_answers_and_errors_are_told_apart() -> None:
    found = sums([document(10), document(20), document(99, role="admin")])
    assert found == {
        "activesync": 2 * 58 + 30,
        "activesync_errors": 6,
        "autodiscover": 16,
        "autodiscover_errors": 2,
    }


def test_only_who_is_alive_holds_long_polls() -> None:
    assert parked([document(0), document(0, waiting=2), document(0, age=60)]) == 8


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    url = f"sqlite:///{tmp_path / 'usher.db'}"
    migrate(url)
    store = open_store(url)
    yield History(store, Clock())
    store.close()


def kept(history: History) -> Traffic:
    (found,) = history.traffic(1)
    return found


def test_what_was_counted_before_the_first_look_and_twice_is_counted_once(history: History) -> None:
    board = [document(100)]
    watch = BoardWatch(lambda: board, history, "one")
    for answers in (100, 110, 110):
        board[0] = document(answers)
        watch.round()
    assert (kept(history).activesync, kept(history).activesync_errors, kept(history).parked) == (10, 0, 5)


def test_a_slot_that_cannot_be_read_once_does_not_count_again(history: History) -> None:
    board = [document(100)]
    watch = BoardWatch(lambda: board, history, "one")
    for documents in ([], [document(101)]):
        board[:] = documents
        watch.round()
    assert kept(history).activesync == 1


def test_what_the_database_did_not_take_is_kept_by_the_next_look(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = [document(100)]
    watch = BoardWatch(lambda: board, history, "one")
    board[0] = document(110)

    def away(_history: History, _machine: str, _counted: Mapping[str, int]) -> None:
        raise GatewayError(Kind.UNAVAILABLE)

    with pytest.raises(GatewayError), monkeypatch.context() as patched:
        patched.setattr(History, "keep", away)
        watch.round()
    board[0] = document(115)
    watch.round()
    assert kept(history).activesync == 15

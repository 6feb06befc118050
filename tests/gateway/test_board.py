"""What one process writes another reads, whole or not at all."""

import os

import pytest

from gateway.board import EMPTY, SLOT, Board


def test_what_a_child_writes_its_parent_reads() -> None:
    board = Board(2)
    assert board.all() == []
    child = os.fork()
    if not child:
        board.write(1, {"answered": [["Sync", "answered", 200, 7]]})
        os._exit(0)
    os.waitpid(child, 0)
    assert board.read(0) == EMPTY
    assert board.all() == [{"answered": [["Sync", "answered", 200, 7]]}]


def test_a_shorter_document_replaces_a_longer() -> None:
    board = Board(1)
    board.write(0, {"a": "x" * 1000})
    board.write(0, {"b": 1})
    assert board.read(0) == {"b": 1}


def test_a_document_has_its_limit() -> None:
    board = Board(2)
    with pytest.raises(ValueError, match="larger"):
        board.write(0, {"a": "x" * SLOT})
    assert board.all() == []


def test_a_reader_meets_no_half_document() -> None:
    board = Board(1)
    child = os.fork()
    if not child:
        for number in range(20_000):
            board.write(0, {"same": [number] * (1 + number % 50)})
        os._exit(0)
    met = 0
    while not os.waitpid(child, os.WNOHANG)[0]:
        found = board.read(0).get("same", [0])
        assert len(set(found)) == 1
        assert len(found) == 1 + found[0] % 50
        met += 1
    assert met
    assert board.read(0) == {"same": [19_999] * 50}


def test_what_was_spoilt_is_nothing() -> None:
    board = Board(1)
    board.write(0, {"a": 1})
    board._memory[10] ^= 1
    assert board.read(0) == EMPTY

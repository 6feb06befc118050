"""Checkpoints are written when they are due, and told outside."""

import json
import logging

import pytest

from gateway.log import Formatter
from gateway.records import CHECKPOINT
from gateway.services import checkpoints
from gateway.services.audit_files import checkpoints_of
from gateway.services.audit_seals import is_genuine
from gateway.services.checkpoints import Checkpoints
from gateway.store import DatabaseStore
from tests.support.stores import store, store_url
from tests.support.trails import Trail, signer

__all__ = ["store", "store_url"]


@pytest.fixture
def trail(store: DatabaseStore) -> Trail:
    return Trail(store)


def written(trail: Trail, outside: list[str] | None = None) -> Checkpoints:
    return Checkpoints(trail.store, trail.clock, signer, None if outside is None else outside.append)


def test_one_a_minute_where_there_is_anything_new(trail: Trail) -> None:
    made = written(trail)
    assert made.round() is None
    trail.write(2)
    first = made.round()
    assert first is not None and (first.sequence, first.count, first.at) == (2, 2, trail.clock.now())
    trail.write(1)
    trail.clock.pass_by(seconds=59)
    assert made.round() is None
    trail.clock.pass_by(seconds=1)
    second = made.round()
    assert second is not None and (second.sequence, second.count) == (3, 1)
    trail.clock.pass_by(hours=1)
    assert made.round() is None
    assert trail.verified().sound


def test_one_at_once_after_many_records(trail: Trail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "RECORDS", 3)
    made = written(trail)
    trail.write(1)
    assert made.round() is not None
    trail.write(2)
    assert made.round() is None
    trail.write(1)
    assert made.round() is not None


def test_two_nodes_write_it_once(trail: Trail) -> None:
    trail.write(1)
    one, other = written(trail), written(trail)
    assert (one.round() is None, other.round() is None) == (False, True)
    with trail.store.read() as transaction:
        assert len(transaction.audit_chain.seals(CHECKPOINT)) == 1


def test_it_is_told_in_the_log_and_outside(trail: Trail, caplog: pytest.LogCaptureFixture) -> None:
    outside: list[str] = []
    trail.write(1)
    with caplog.at_level(logging.INFO, "usher.audit"):
        seal = written(trail, outside).round()
    logged = Formatter(as_json=True).format(caplog.records[-1])
    assert checkpoints_of(outside) == checkpoints_of([logged]) == [seal]
    assert json.loads(logged)["message"] == "audit checkpoint"
    (kept,) = checkpoints_of([logged])
    assert is_genuine(kept, signer())
    assert trail.verified(kept).sound

"""Keys of requests: taken once, answered again, and never run twice when nobody knows (product 7.3)."""

from datetime import timedelta

import pytest

from gateway.errors import GatewayError, Kind
from gateway.services.repetitions import BODY_LIMIT, KEPT, LONGEST, Repetitions, StillRunning
from gateway.store import DatabaseStore
from tests.support.stores import NOON, Clock

ASKED = b"POST /x {}"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def kept(store: DatabaseStore, clock: Clock) -> Repetitions:
    return Repetitions(store, clock, "p-1")


def refusal(kept: Repetitions, request: bytes = ASKED) -> GatewayError:
    with pytest.raises(GatewayError) as refused:
        kept.begin("ann", "k", request)
    assert refused.value.kind is Kind.CONFLICT
    assert set(refused.value.faults) == {"Idempotency-Key"}
    return refused.value


def done(kept: Repetitions, body: bytes | None = b"{}") -> None:
    assert kept.begin("ann", "k", ASKED) is None
    kept.end("ann", "k", 201, "application/json", body)
    kept.let_go("ann", "k")


def test_an_answer_is_given_again_for_a_day(kept: Repetitions, clock: Clock) -> None:
    done(kept)
    clock.time = NOON + KEPT - timedelta(seconds=1)
    known = kept.begin("ann", "k", ASKED)
    assert known is not None
    assert (known.status, known.media_type, known.body) == (201, "application/json", b"{}")
    clock.time = NOON + KEPT
    assert kept.begin("ann", "k", b"another") is None


def test_a_key_is_somebodys_and_of_one_request(kept: Repetitions) -> None:
    done(kept)
    assert not isinstance(refusal(kept, b"another"), StillRunning)
    assert kept.begin("eve", "k", ASKED) is None
    assert kept.begin("ann", "other", ASKED) is None


def test_while_it_runs_and_after_it_failed(kept: Repetitions) -> None:
    assert kept.begin("ann", "k", ASKED) is None
    assert isinstance(refusal(kept), StillRunning)
    kept.let_go("ann", "k")
    failed = refusal(kept)
    assert not isinstance(failed, StillRunning)
    assert "look whether it was done" in failed.public


def test_after_a_crash_it_is_not_done_again(kept: Repetitions, store: DatabaseStore, clock: Clock) -> None:
    assert kept.begin("ann", "k", ASKED) is None
    restarted = Repetitions(store, clock, "p-2")
    told = refusal(restarted)
    assert isinstance(told, StillRunning), "it may be another node that is at it"
    assert "look whether it was done" in told.public
    clock.time = NOON + LONGEST
    assert not isinstance(refusal(restarted), StillRunning)


def test_what_was_refused_frees_its_key(kept: Repetitions) -> None:
    assert kept.begin("ann", "k", ASKED) is None
    kept.free("ann", "k")
    kept.let_go("ann", "k")
    assert kept.begin("ann", "k", b"better") is None


@pytest.mark.parametrize("body", [None, b"x" * (BODY_LIMIT + 1)])
def test_an_answer_that_is_not_kept(kept: Repetitions, body: bytes | None) -> None:
    done(kept, body)
    assert "not kept" in refusal(kept).public


def test_old_ones_are_cut_back(kept: Repetitions, clock: Clock) -> None:
    done(kept)
    assert kept.prune() == 0
    clock.time = NOON + KEPT + timedelta(seconds=1)
    assert kept.prune() == 1


def test_the_database_knows_digests_only(kept: Repetitions, store: DatabaseStore) -> None:
    assert kept.begin("ann", "a-key-that-tells", b"a password") is None
    with store.read() as transaction:
        assert transaction.repetitions.get("ann", "a-key-that-tells") is None

"""Pauses between tries: they grow, are spread, and end after a day."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.records.events import Letter, LetterKind, Progress
from gateway.services.retrying import JITTER, LIFETIME, LONGEST_ERROR, PAUSES_S, next_try, tried
from tests.support.stores import NOON

LATE = NOON + LIFETIME
SHARES = st.floats(0, 1, exclude_max=True)


def test_pauses_grow() -> None:
    assert sorted(PAUSES_S) == list(PAUSES_S)
    assert next_try(1, NOON, NOON, 0) == NOON + timedelta(seconds=PAUSES_S[0])
    assert next_try(3, NOON, NOON, 0) == NOON + timedelta(seconds=PAUSES_S[2])


def test_what_failed_together_does_not_come_back_together() -> None:
    first, last = (next_try(5, NOON, NOON, share) for share in (0.0, 0.999))
    assert first is not None
    assert last is not None
    assert last - first > timedelta(seconds=PAUSES_S[4] * JITTER * 0.9)


def test_after_a_day_it_is_dead() -> None:
    assert next_try(9, NOON, NOON + LIFETIME, 0) is None
    assert next_try(9, NOON, NOON + LIFETIME - timedelta(seconds=1), 0) == NOON + LIFETIME


@given(st.integers(1, 1000), st.timedeltas(timedelta(), LIFETIME * 2), SHARES)
def test_a_try_is_later_and_within_the_lifetime(attempts: int, age: timedelta, share: float) -> None:
    again = next_try(attempts, NOON, NOON + age, share)
    assert (again is None) == (age >= LIFETIME)
    assert again is None or NOON + age < again <= NOON + LIFETIME


@given(SHARES)
def test_a_receiver_that_is_always_down_is_tried_a_bounded_number_of_times(share: float) -> None:
    now, attempts = NOON, 0
    while True:
        attempts += 1
        again = next_try(attempts, NOON, now, share)
        if again is None:
            break
        now = again
    assert 9 <= attempts <= 14


def test_what_becomes_of_an_attempt() -> None:
    letter = Letter("", "ann@acme.test", LetterKind.TEST, NOON, NOON, claimed_until=NOON)
    good = tried(letter, NOON, 0, "", good=True)
    assert (good.state, good.attempts, good.ended_at, good.claimed_until) == (
        Progress.DELIVERED,
        1,
        NOON,
        None,
    )
    again = tried(letter, NOON, 0, "x" * 1000, good=False)
    assert (again.state, again.ended_at, len(again.error)) == (Progress.PENDING, None, LONGEST_ERROR)
    assert again.next_at == next_try(1, NOON, NOON, 0)
    for dead in (
        tried(letter, NOON, 0, "no", good=False, final=True),
        tried(letter, LATE, 0, "no", good=False),
    ):
        assert (dead.state, dead.error) == (Progress.DEAD, "no")

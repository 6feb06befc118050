"""Spreading a change over a window (product 4.3)."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from mdm.device import DeviceKey
from mdm.spread import allowance, moment, share
from tests.support.stores import NOON

FLEET = [DeviceKey("m-1", f"u-{number % 700}", f"PHONE{number}") for number in range(10_000)]


def test_a_fleet_is_spread_evenly() -> None:
    buckets = [0] * 60
    for key in FLEET:
        buckets[int(share(key, 1) * 60)] += 1
    # 167 are expected in each; six deviations leave no room for chance.
    assert all(90 < each < 245 for each in buckets)


def test_the_moment_is_the_same_again_and_another_for_the_next_change() -> None:
    key = FLEET[0]
    assert moment(key, 1, NOON, 600) == moment(key, 1, NOON, 600)
    assert moment(key, 1, NOON, 600) != moment(key, 2, NOON, 600)
    assert NOON <= moment(key, 1, NOON, 600) < NOON + timedelta(minutes=10)
    assert moment(key, 1, NOON, 0) == NOON


def test_without_a_rate_as_many_as_one_go_takes() -> None:
    assert allowance(0, 0.0, 200) == 200


@given(st.integers(1, 6000), st.lists(st.floats(0.1, 30), min_size=1, max_size=200))
def test_never_more_than_the_rate(per_minute: int, pauses: list[float]) -> None:
    told, since, clock = 0, 0.0, 0.0
    for pause in pauses:
        clock, since = clock + pause, since + pause
        now = allowance(per_minute, since, 10_000)
        if now:
            told, since = told + now, 0.0
    assert told <= per_minute * clock / 60 + 1


def test_a_slow_rate_comes_to_its_turn_and_a_long_silence_saves_nothing() -> None:
    assert allowance(2, 29.0, 200) == 0
    assert allowance(2, 30.0, 200) == 1
    assert allowance(600, 86_400.0, 200) == 50
    assert allowance(60_000, 5.0, 200) == 200

"""Window arithmetic against the slow and obvious way of counting (T1, T2)."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.services.throttle_windows import Allowance, Buckets, Pairs

SMALL = Allowance(burst=3, refill_s=10.0)
STEPS = st.lists(st.floats(0, 40, allow_nan=False), max_size=60)
SIGHTINGS = st.lists(
    st.tuples(st.sampled_from("pq"), st.sampled_from([b"1", b"2", b"3", b"4"]), st.integers(0, 30)),
    max_size=60,
)


@given(STEPS)
def test_no_window_of_any_length_grants_more_than_its_share(steps: list[float]) -> None:
    buckets, now, granted = Buckets(SMALL), 0.0, []
    for step in steps:
        now += step
        if buckets.level("a", now) >= 1:
            buckets.add("a", -1, now)
            granted.append(now)
    for first, begin in enumerate(granted):
        for last in range(first, len(granted)):
            share = SMALL.burst + (granted[last] - begin) / SMALL.refill_s
            assert last - first + 1 <= share + 1e-6


@given(STEPS)
def test_a_level_stays_within_its_bounds_and_only_grows_with_time(steps: list[float]) -> None:
    buckets, now = Buckets(SMALL), 0.0
    for step in steps:
        before = buckets.level("a", now)
        now += step
        assert before <= buckets.level("a", now) <= SMALL.burst
        if buckets.level("a", now) >= 1:
            buckets.add("a", -1, now)
        assert buckets.level("a", now) >= 0
    assert buckets.level("a", now + SMALL.burst * SMALL.refill_s) == SMALL.burst


def test_buckets_are_bounded_and_a_full_one_is_not_kept() -> None:
    buckets = Buckets(SMALL, maximum=2)
    for name in "abc":
        buckets.add(name, -1, 0)
    assert [buckets.level(name, 0) for name in "abc"] == [3, 2, 2]
    buckets.add("b", 1, 0)
    assert len(buckets) == 1
    buckets.clear("c")
    assert len(buckets) == 0


@given(SIGHTINGS)
def test_pairs_are_a_sliding_window_of_distinct_names(sightings: list[tuple[str, bytes, int]]) -> None:
    window, now, last = Pairs(50, 1000), 0, {}
    for place, name, step in sightings:
        now += step
        window.add(place, name, now)
        last[(place, name)] = now
        for each in "pq":
            young = {key for key, at in last.items() if key[0] == each and now - at < 50}
            assert window.count(each, now) == len(young)
            assert all(window.has(*key, now) for key in young)


@given(SIGHTINGS, st.integers(1, 4))
def test_pairs_are_bounded_and_keep_those_seen_last(
    sightings: list[tuple[str, bytes, int]], maximum: int
) -> None:
    window, now, order = Pairs(1e9, maximum), 0, []
    for place, name, step in sightings:
        now += step
        window.add(place, name, now)
        order = [key for key in order if key != (place, name)] + [(place, name)]
        assert len(window) <= maximum
    kept = order[-maximum:]
    assert {key for key in order if window.has(*key, now)} == set(kept)
    for each in "pq":
        assert window.count(each, now) == sum(place == each for place, _ in kept)


def test_a_name_that_was_taken_out_is_gone() -> None:
    window = Pairs(10, 10)
    window.add("p", b"1", 0)
    window.discard("p", b"1")
    window.discard("p", b"1")
    assert (window.count("p", 0), window.has("p", b"1", 0), len(window)) == (0, False, 0)

"""Delays: growing, capped, where the failures come from and nowhere else (T1, T2)."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway.errors import GatewayError, Kind
from gateway.services import sign_in_delays
from gateway.services.sign_in_delays import FREE, LONGEST_S, PER_FACTOR, PER_NETWORK, Delays, wait_after

HERE, THERE = "192.0.2.1", "198.51.100.1"


def tries(delays: Delays, name: str, source: str, now: float) -> bool:
    """Whether an attempt is let through; it fails then."""
    try:
        delays.begin(name, source, now)
    except GatewayError as error:
        assert error.kind is Kind.THROTTLED
        return False
    return True


def slowed(name: str = "ann", source: str = HERE, failures: int = FREE) -> Delays:
    delays = Delays()
    now = 0.0
    for count in range(1, failures + 1):
        assert tries(delays, name, source, now)
        now += wait_after(count) if count < failures else 0
    return delays


def test_the_wait_grows_and_never_beyond_a_quarter_of_an_hour() -> None:
    waits = [wait_after(failures) for failures in range(200)]
    assert waits[:FREE] == [0.0] * FREE
    assert waits[FREE:10] == [10, 20, 40, 80, 160, 320, 640]
    assert waits[10:] == [LONGEST_S] * 190
    assert LONGEST_S == 15 * 60


def test_after_three_failures_the_name_waits_where_it_comes_from() -> None:
    delays = slowed()
    assert not tries(delays, "ann", HERE, 9.9)
    assert tries(delays, "ann", HERE, 10.0)
    assert not tries(delays, "ann", HERE, 29.9)
    assert tries(delays, "ann", HERE, 30.0)


def test_another_network_and_another_name_do_not_wait() -> None:
    delays = slowed()
    assert tries(delays, "ann", THERE, 0)
    assert tries(delays, "bob", HERE, 0)


def test_spellings_of_one_name_and_addresses_of_one_network_are_counted_together() -> None:
    assert not tries(slowed(), " ANN", HERE, 0)
    assert not tries(slowed("ann", "2001:db8::1"), "ann", "2001:db8::ffff:1", 0)
    assert not tries(slowed("ann", "::ffff:192.0.2.1"), "ann", HERE, 0)


def test_the_time_is_told() -> None:
    with pytest.raises(GatewayError, match="try again in 10 seconds"):
        slowed().begin("ann", HERE, 0)


def test_trying_while_it_waits_does_not_make_it_longer() -> None:
    delays = slowed()
    for _ in range(1000):
        assert not tries(delays, "ann", HERE, 9.0)
    assert tries(delays, "ann", HERE, 10.0)


def test_what_is_right_is_forgotten_where_it_was() -> None:
    delays = slowed()
    delays.succeeded(delays.begin("ann", HERE, 10.0), 10.0)
    for _ in range(FREE):
        assert tries(delays, "ann", HERE, 10.0)
    assert not tries(delays, "ann", HERE, 10.0)


def test_what_nobody_could_tell_counts_for_nothing() -> None:
    delays = slowed(failures=FREE - 1)
    for _ in range(50):
        delays.given_up(delays.begin("ann", HERE, 0), 0)
    assert tries(delays, "ann", HERE, 0)
    assert not tries(delays, "ann", HERE, 0)


def test_a_day_without_a_failure_begins_anew() -> None:
    delays = slowed()
    assert tries(delays, "ann", HERE, 86400.0)
    assert tries(delays, "ann", HERE, 86400.0)


def test_many_at_the_same_moment_are_many_failures() -> None:
    delays = Delays()
    with ThreadPoolExecutor(16) as pool:
        let = list(pool.map(lambda _: tries(delays, "ann", HERE, 0), range(200)))
    assert sum(let) == FREE


def test_many_names_of_one_network_have_a_budget() -> None:
    delays = Delays()
    let = [tries(delays, f"name{number}", HERE, 0) for number in range(200)]
    assert sum(let) == PER_NETWORK.burst
    assert tries(delays, "ann", THERE, 0)
    assert tries(delays, "ann", HERE, PER_NETWORK.refill_s)


def test_neighbours_share_a_wider_one() -> None:
    delays = Delays()
    sources = [f"192.0.2.{number}" for number in range(1, 200)]
    let = [tries(delays, f"name{number}", source, 0) for number, source in enumerate(sources)]
    assert sum(let) == sign_in_delays.PER_RANGE.burst


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in_delays, "MAXIMUM_COUNTS", 10)
    delays = Delays()
    for number in range(100):
        tries(delays, "ann", f"10.{number}.0.1", 0)
    assert len(delays._counts) == 10


def test_wrong_codes_after_a_right_password_are_few_wherever_from() -> None:
    delays = Delays()
    assert sum(delays.may_show_code("a-1", 0) for _ in range(50)) == PER_FACTOR.burst
    assert delays.may_show_code("a-2", 0)
    assert delays.may_show_code("a-1", PER_FACTOR.refill_s)
    delays.code_was_right("a-1", PER_FACTOR.refill_s)
    assert delays.may_show_code("a-1", PER_FACTOR.refill_s)


def test_a_patient_guesser_has_a_hundred_tries_in_a_day() -> None:
    delays = Delays()
    assert 96 <= sum(tries(delays, "ann", HERE, 60.0 * minute) for minute in range(24 * 60)) <= 110

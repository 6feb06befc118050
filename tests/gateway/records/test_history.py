"""Numbers of spans put together: beside each other, and one after the other."""

from datetime import UTC, datetime, timedelta

from gateway.records.history import DAY, FIVE_MINUTES, HOUR, Traffic, folded, slot

TEN = datetime(2026, 3, 1, 10, tzinfo=UTC)


def fine(minutes: int, machine: str = "a", parked: int = 0, answers: int = 0) -> Traffic:
    return Traffic(TEN + timedelta(minutes=minutes), FIVE_MINUTES, machine, parked, answers)


def test_a_moment_lies_in_the_span_that_began_before_it() -> None:
    moment = TEN + timedelta(minutes=7, seconds=59)
    assert slot(moment, FIVE_MINUTES) == TEN + timedelta(minutes=5)
    assert slot(moment, HOUR) == TEN
    assert slot(moment, DAY) == TEN.replace(hour=0)
    assert slot(TEN, HOUR) == TEN


def test_machines_add_up_and_what_waited_is_the_most_at_once() -> None:
    found = [fine(5, "a", 10, 1), fine(0, "b", 3, 1), fine(0, "a", 4, 1), fine(60, "a", 1, 5)]
    first, second = folded(found, HOUR)
    assert (first.at, first.span_s, first.parked, first.activesync) == (TEN, HOUR, 10, 3)
    assert (second.at, second.parked, second.activesync) == (TEN + timedelta(hours=1), 1, 5)
    assert [each.parked for each in folded(found, FIVE_MINUTES)] == [7, 10, 1]


def test_what_was_thinned_is_put_beside_what_was_not() -> None:
    hour = Traffic(TEN, HOUR, "", 2, 100)
    (day,) = folded([hour, fine(60, parked=9, answers=1)], DAY)
    assert (day.parked, day.activesync) == (9, 101)

"""Numbers over time are kept, thinned and forgotten; a crash halfway leaves all or nothing (product 7.2)."""

from datetime import timedelta

import pytest

from gateway.errors import GatewayError, Kind
from gateway.records.history import DAY, FIVE_MINUTES, HOUR
from gateway.services.history import DAILY, FINE, HOURLY, History
from gateway.store import DatabaseStore
from tests.support.stores import Clock
from tests.support.world import World

ONE = {"parked": 3, "activesync": 10, "activesync_errors": 1, "autodiscover": 2, "autodiscover_errors": 0}
ALL = timedelta(days=900)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def history(store: DatabaseStore, clock: Clock) -> History:
    return History(store, clock)


def live(history: History, clock: Clock, span: timedelta, every: timedelta) -> int:
    """Let time go by; how often something was kept."""
    end, times = clock.now() + span, 0
    while clock.now() < end:
        history.keep("one", ONE)
        clock.pass_by(seconds=every.total_seconds())
        times += 1
    return times


def rows(store: DatabaseStore, clock: Clock) -> list[int]:
    with store.read() as transaction:
        return [each.span_s for each in transaction.history.since(clock.now() - ALL, DAY)]


def test_nothing_that_was_counted_is_lost_by_thinning(
    store: DatabaseStore, history: History, clock: Clock
) -> None:
    times = live(history, clock, timedelta(days=4), timedelta(minutes=20))
    shown = history.traffic(24 * 10)
    assert {each.span_s for each in shown} == {DAY}
    assert sum(each.activesync for each in shown) == 10 * times
    assert {each.parked for each in shown} == {3}
    spans = rows(store, clock)
    assert set(spans) == {FIVE_MINUTES, HOUR}
    assert spans.count(FIVE_MINUTES) <= (FINE + timedelta(hours=1)) / timedelta(minutes=20)


def test_what_is_old_is_by_the_day_and_then_forgotten(
    store: DatabaseStore, history: History, clock: Clock
) -> None:
    apart = timedelta(days=5)
    live(history, clock, timedelta(days=800), apart)
    spans = rows(store, clock)
    assert len(spans) == DAILY / apart
    assert spans.count(DAY) == pytest.approx((DAILY - HOURLY) / apart, abs=1)


@pytest.mark.parametrize(("hours", "span"), [(6, FIVE_MINUTES), (7, HOUR), (168, HOUR), (169, DAY)])
def test_a_chart_gets_as_many_numbers_as_it_has_room_for(
    history: History, clock: Clock, hours: int, span: int
) -> None:
    live(history, clock, timedelta(hours=8), timedelta(minutes=5))
    shown = history.traffic(hours)
    assert {each.span_s for each in shown} == {span}
    assert len(shown) <= hours * HOUR // span + 1


def test_two_machines_are_one_gateway(history: History, clock: Clock) -> None:
    for machine in ("one", "two", "two"):
        history.keep(machine, ONE)
    (now,) = history.traffic(1)
    assert (now.machine, now.parked, now.activesync) == ("", 6, 30)


def test_a_crash_between_taking_and_keeping_loses_nothing(
    store: DatabaseStore, history: History, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    live(history, clock, timedelta(hours=1), timedelta(minutes=5))
    before = history.traffic(1)
    clock.pass_by(hours=FINE / timedelta(hours=1) + 2)

    def died(*_: object) -> int:
        raise GatewayError(Kind.UNAVAILABLE)

    with pytest.raises(GatewayError), monkeypatch.context() as patched:
        patched.setattr("gateway.store.history.HistoryRows.prune", died)
        history.keep("one", ONE)
    assert rows(store, clock) == [FIVE_MINUTES] * len(before)
    history.keep("one", ONE)
    assert rows(store, clock).count(FIVE_MINUTES) == 1
    assert sum(each.activesync for each in history.traffic(100)) == 10 * (len(before) + 1)


def test_the_days_of_an_organisation(store: DatabaseStore, clock: Clock) -> None:
    world = World(store)
    home = world.organisation()
    world.provisioned_phone(world.user())
    history = History(store, clock)
    for _ in range(3):
        history.count_devices()
        clock.pass_by(days=1)
    assert len(history.devices(home.alias, 30)) == 3
    assert len(history.devices(home.id, 2)) == 1  # yesterday; today was not counted yet
    with pytest.raises(GatewayError):
        history.devices("nowhere", 2)

"""Six behaviours in sliding windows: the arithmetic against a plain recount, and thresholds as documents."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdm.misbehaviour import (
    BOUNDS,
    DEFAULTS,
    SERVICE_DEFAULTS,
    Behaviour,
    Measure,
    Tally,
    Window,
    read,
    span,
    write,
)

WINDOW = 60.0
gaps = st.lists(st.floats(0, 200, allow_nan=False), max_size=150)


def times(found: list[float]) -> list[float]:
    now, all_of_them = 0.0, []
    for gap in found:
        now += gap
        all_of_them.append(now)
    return all_of_them


def most(moments: list[float], length: float) -> int:
    """The most moments in any interval of this length."""
    return max((sum(1 for other in moments if at <= other < at + length) for at in moments), default=0)


@given(gaps)
def test_a_window_errs_by_less_than_two(found: list[float]) -> None:
    moments = times(found)
    window = Window(0.0)
    levels = [window.add(1, at, WINDOW) for at in moments]
    assert max(levels, default=0) <= 2 * most(moments, WINDOW)
    assert max(levels, default=0) >= most(moments, WINDOW) / 2


@given(gaps, st.floats(1, 500))
def test_a_quiet_device_is_forgotten(found: list[float], more: float) -> None:
    window = Window(0.0)
    moments = times(found)
    for at in moments:
        window.add(1, at, WINDOW)
    assert window.add(1, (moments or [0.0])[-1] + 2 * WINDOW + more, WINDOW) == 1


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=300))
def test_a_steady_rate_is_its_rate(_: list[int]) -> None:
    window = Window(0.0)
    level = 0.0
    for second in range(600):
        level = window.add(1, float(second), WINDOW)
    assert abs(level - WINDOW) <= 1


def test_a_clock_that_stands_still_counts_all_the_same() -> None:
    window = Window(5.0)
    assert [window.add(1, 5.0, WINDOW) for _ in range(3)] == [1, 2, 3]


def limits(behaviour: Behaviour, **values: int) -> dict[Behaviour, Measure]:
    off = {each: replace(measure, slow=0, suspend=0) for each, measure in DEFAULTS.items()}
    return off | {behaviour: replace(DEFAULTS[behaviour], **values)}


def test_a_flood_is_slowed_down_once_and_then_suspended_once() -> None:
    tally = Tally(limits(Behaviour.COMMAND_FLOOD, window_s=60, slow=10, suspend=20, slow_s=30), 0.0)
    said = [tally.request(0.01 * number, "UA") for number in range(40)]
    crossings = [(number, crossing.suspend) for number, crossing in enumerate(said, 1) if crossing]
    assert crossings == [(10, False), (20, True)]
    assert tally.slowed_until == pytest.approx(30.09)
    assert tally.sentenced_until > 3000


def test_a_sync_that_makes_progress_weighs_a_quarter() -> None:
    tally = Tally(limits(Behaviour.COMMAND_FLOOD, window_s=60, slow=10, suspend=20), 0.0)
    for number in range(36):
        assert tally.request(0.0, "UA") is None, number
        tally.sync(number, 0.0)
    for _ in range(4):
        tally.request(0.0, "UA")
    assert tally.slowed_until > 0


def test_one_sync_again_and_again() -> None:
    tally = Tally(limits(Behaviour.SAME_SYNC_KEY, slow=5, suspend=8), 0.0)
    said = [tally.sync(7, float(number)) for number in range(10)]
    assert [(number, each.suspend) for number, each in enumerate(said) if each] == [(5, False), (8, True)]


def test_two_folders_in_turns_are_known_again() -> None:
    tally = Tally(limits(Behaviour.SAME_SYNC_KEY, slow=5, suspend=0), 0.0)
    for number in range(5):
        tally.sync(number % 2, 0.0)
    assert tally.slowed_until < 0
    for number in range(5):
        tally.sync(number % 2, 0.0)
    assert tally.slowed_until > 0


def test_new_user_agents_count_and_those_of_lately_do_not() -> None:
    tally = Tally(limits(Behaviour.USER_AGENT, slow=2, suspend=0), 0.0)
    for number in range(50):
        tally.request(0.0, ("A", "B")[number % 2])
    assert tally.slowed_until < 0
    tally.request(0.0, "")
    assert tally.slowed_until < 0
    crossing = tally.request(0.0, "C")
    assert crossing is not None
    assert crossing.behaviour is Behaviour.USER_AGENT
    assert "2 or more new ones within 1 hour" in crossing.words
    assert tally.slowed_until == 300


def test_who_comes_although_slowed_is_counted_for_that() -> None:
    tally = Tally(limits(Behaviour.ERRORS, slow=3, suspend=6, slow_s=60), 0.0)
    for _ in range(3):
        tally.count(Behaviour.ERRORS, 0.0)
    said = [tally.request(1.0, "UA") for _ in range(3)]
    assert [crossing.suspend for crossing in said if crossing] == [True]


def test_what_is_off_never_speaks() -> None:
    tally = Tally(read({behaviour.value: "off" for behaviour in Behaviour}).ordinary, 0.0)
    for number in range(5000):
        assert tally.request(0.0, str(number)) is None
        assert tally.sync(1, 0.0) is None
        assert tally.count(Behaviour.ERRORS, 0.0) is None
    assert tally.slowed_until < 0


def test_slowing_is_told_again_after_a_quiet_window() -> None:
    tally = Tally(limits(Behaviour.ERRORS, window_s=60, slow=2, suspend=0, slow_s=5), 0.0)
    said = [tally.count(Behaviour.ERRORS, at) for at in (0.0, 1.0, 10.0, 11.0, 500.0, 501.0)]
    assert [each is not None for each in said] == [False, True, False, False, False, True]


def test_thresholds_go_on_with_what_was_counted() -> None:
    tally = Tally(limits(Behaviour.COMMAND_FLOOD, slow=100, suspend=0), 0.0)
    for _ in range(8):
        tally.request(0.0, "UA")
    tally.measure(limits(Behaviour.COMMAND_FLOOD, slow=9, suspend=0))
    assert tally.request(0.0, "UA") is not None


def test_documents_say_what_differs() -> None:
    assert read({}).ordinary == DEFAULTS
    assert read({}).service == SERVICE_DEFAULTS
    said = read({"command_flood": {"slow": 5, "suspend": 9}, "errors": "off", "service": {"errors": "off"}})
    assert said.ordinary[Behaviour.COMMAND_FLOOD] == replace(
        DEFAULTS[Behaviour.COMMAND_FLOOD], slow=5, suspend=9
    )
    assert said.of(service=False)[Behaviour.ERRORS].slow == 0
    assert said.of(service=True)[Behaviour.COMMAND_FLOOD] == SERVICE_DEFAULTS[Behaviour.COMMAND_FLOOD]
    assert read(write(said)) == said


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({"floods": "off"}, "floods"),
        ({"errors": "on"}, "errors"),
        ({"errors": {"slow": -1}}, "errors.slow"),
        ({"errors": {"slow": 1.5}}, "errors.slow"),
        ({"errors": {"slow": True}}, "errors.slow"),
        ({"errors": {"speed": 1}}, "errors.speed"),
        ({"errors": {"slow": 50, "suspend": 49}}, "errors.suspend"),
        ({"service": {"errors": {"window_s": 0}}}, "service.errors.window_s"),
        ({"service": "off"}, "service"),
    ],
)
def test_documents_that_are_wrong_say_where(document: dict[str, object], place: str) -> None:
    with pytest.raises(ValueError, match=f"^{place}: "):
        read(document)


def test_defaults_are_within_their_own_bounds() -> None:
    for thresholds in (DEFAULTS, SERVICE_DEFAULTS):
        assert set(thresholds) == set(Behaviour)
        for measure in thresholds.values():
            for name, (low, high) in BOUNDS.items():
                assert low <= getattr(measure, name) <= high


def test_lengths_of_time_in_words() -> None:
    assert [span(seconds) for seconds in (1, 90, 60, 300, 3600, 86400, 172800)] == [
        "1 seconds",
        "90 seconds",
        "1 minute",
        "5 minutes",
        "1 hour",
        "1 day",
        "2 days",
    ]

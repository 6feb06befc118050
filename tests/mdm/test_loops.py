"""Rounds of provisioning that lead nowhere: counted, paused, named and forgotten (spec 6.3)."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdm.device import Device, DeviceState
from mdm.lifecycle import Effect, Input, step
from mdm.loops import (
    COMES_WITHOUT,
    DECLINES,
    LONGEST_PAUSE,
    NEVER_ACKNOWLEDGES,
    after_round,
    paused_until,
    recovered,
    uses_its_key,
)
from mdm.misbehaviour import DEFAULTS, Behaviour, Measure
from tests.support import partnership
from tests.support.stores import NOON

MEASURE = DEFAULTS[Behaviour.PROVISIONING_LOOP]
MINUTE = timedelta(minutes=1)


def happen(device: Device, event: Input, at: datetime, measure: Measure = MEASURE, **more: int) -> Device:
    after, effect = step(device, event, now=at, new_key=7, digest="d", **more)
    assert after is not None
    return after_round(device, after, effect, measure, at)


def ask(device: Device, at: datetime, measure: Measure = MEASURE) -> Device:
    return happen(device, Input.POLICY_REQUESTED, at, measure)


def rounds(device: Device, count: int, *, acknowledged: bool = False, every: timedelta = MINUTE) -> Device:
    at = NOON
    for _ in range(count):
        device = ask(device, at)
        if acknowledged:
            device = happen(device, Input.POLICY_ACKNOWLEDGED, at, status=1)
        at += every
    return device


def test_one_round_is_no_loop() -> None:
    device = rounds(partnership.device(), 1, acknowledged=True)
    assert (device.offers, device.diagnosis, paused_until(device, MEASURE)) == (1, "", None)


def test_the_tenth_round_is_one() -> None:
    device = rounds(partnership.device(), 9)
    assert (device.diagnosis, paused_until(device, MEASURE)) == ("", None)
    looping = ask(device, NOON + 9 * MINUTE)
    assert looping.diagnosis.startswith(NEVER_ACKNOWLEDGES)
    until = paused_until(looping, MEASURE)
    assert until is not None
    assert until > NOON + 9 * MINUTE


def test_who_comes_back_without_the_key() -> None:
    phone = replace(partnership.device(), user_agent="Apple-iPhone15C2/2001.1", device_type="iPhone")
    device = rounds(phone, 12, acknowledged=True, every=timedelta(seconds=10))
    assert device.diagnosis.startswith(COMES_WITHOUT)
    assert "add it again" in device.diagnosis
    assert device.state is DeviceState.PROVISIONING_SUCCEEDED


def test_who_declines_each_time() -> None:
    device = replace(partnership.device(), user_agent="Android/13-EAS-2.0", device_type="Android")
    for number in range(12):
        at = NOON + number * MINUTE
        device = happen(ask(device, at), Input.POLICY_DECLINED, at, status=2)
    assert device.diagnosis.startswith(DECLINES)
    assert "RequireDeviceEncryption" in device.diagnosis


def test_an_acknowledgement_ends_a_loop_of_who_never_acknowledged() -> None:
    looping = rounds(partnership.device(), 11)
    done = happen(looping, Input.POLICY_ACKNOWLEDGED, NOON + timedelta(hours=1), status=1)
    assert (done.offers, done.diagnosis, paused_until(done, MEASURE)) == (0, "", None)


def test_an_acknowledgement_does_not_end_a_loop_of_acknowledgements() -> None:
    looping = rounds(partnership.device(), 12, acknowledged=True)
    assert looping.diagnosis


def test_pauses_grow_and_have_an_end() -> None:
    device = partnership.device()
    at, pauses = NOON, []
    for _ in range(16):
        device = ask(device, at)
        until = paused_until(device, MEASURE)
        if until is not None:
            pauses.append(until - at)
            at = until
    assert pauses[:4] == [timedelta(minutes=minutes) for minutes in (5, 10, 20, 40)]
    assert all(pause <= LONGEST_PAUSE for pause in pauses)


def test_who_goes_on_is_suspended_once() -> None:
    device = rounds(partnership.device(), MEASURE.suspend)
    assert device.suspended_until is not None
    assert "14 rounds" in device.suspended_reason
    assert ask(device, NOON + 20 * MINUTE).suspended_until == device.suspended_until


def test_rounds_far_apart_are_forgotten() -> None:
    device = rounds(partnership.device(), 200, acknowledged=True, every=timedelta(minutes=7))
    assert (device.offers <= 2, device.diagnosis) == (True, "")


def test_an_hour_of_quiet_ends_a_loop() -> None:
    looping = rounds(partnership.device(), 11)
    later = ask(looping, NOON + timedelta(hours=2))
    assert (later.offers, later.diagnosis) == (1, "")


def test_an_administrator_starts_it_anew() -> None:
    looping = rounds(partnership.device(), 11, acknowledged=True)
    after, _ = step(looping, Input.POLICY_CHANGED, now=NOON)
    assert after is not None
    assert (after.offers, after.offers_since, after.diagnosis) == (0, None, "")


def test_a_key_that_is_used_shows_recovery() -> None:
    looping = rounds(partnership.device(), 12, acknowledged=True)
    given_at = looping.provisioned_at
    assert given_at is not None
    assert not uses_its_key(looping, given_at + MINUTE)
    assert uses_its_key(looping, given_at + 15 * MINUTE)
    assert not uses_its_key(recovered(looping), given_at + 15 * MINUTE)


def test_what_is_off_never_speaks() -> None:
    off = replace(MEASURE, slow=0, suspend=0)
    device = partnership.device()
    for number in range(50):
        device = ask(device, NOON + number * timedelta(seconds=1), off)
    assert (device.diagnosis, device.suspended_until, paused_until(device, off)) == ("", None, None)


@pytest.mark.parametrize("effect", [effect for effect in Effect if effect is not Effect.OFFER_POLICY])
def test_only_offers_count(effect: Effect) -> None:
    device = partnership.device()
    assert after_round(device, device, effect, MEASURE, NOON) == device


@given(st.lists(st.integers(0, 1800), max_size=60))
def test_no_more_than_the_threshold_within_any_window_without_a_diagnosis(gaps: list[int]) -> None:
    """The pure bound: who was never diagnosed began at most twice the threshold of rounds in any hour."""
    device, at, begun = partnership.device(), NOON, []
    for gap in gaps:
        at += timedelta(seconds=gap)
        device = ask(device, at)
        begun.append(at)
        if device.diagnosis:
            return
    window = timedelta(seconds=MEASURE.window_s)
    for start in begun:
        assert sum(1 for other in begun if start <= other < start + window) <= 2 * MEASURE.slow

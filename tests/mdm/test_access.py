"""Product 6.1: who decides, in which order, and with which Status a device hears it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdm.access import (
    DEVICE_LIMIT,
    NOT_LISTED,
    ORGANISATION_INACTIVE,
    USER_DISABLED,
    AccessDecision,
    Override,
    Standing,
    Suspension,
    decide,
    explain,
)
from mdm.device import AccessLevel
from mdm.rules import NOTHING, Outcome

ALLOW, BLOCK, QUARANTINE = AccessLevel.ALLOW, AccessLevel.BLOCK, AccessLevel.QUARANTINE
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SOON = NOW + timedelta(hours=1)


@pytest.mark.parametrize("default", AccessLevel)
def test_where_nothing_speaks_the_default_decides(default: AccessLevel) -> None:
    assert decide(Standing(default), NOW) == AccessDecision(default, "the organisation's default", 129)


@pytest.mark.parametrize("override", AccessLevel)
@pytest.mark.parametrize("default", AccessLevel)
@pytest.mark.parametrize("rules", AccessLevel)
def test_an_override_beats_rules_and_default(
    override: AccessLevel, default: AccessLevel, rules: AccessLevel
) -> None:
    standing = Standing(default, Override(override, "spare phone"), rules=Outcome(rules, ("r1",)))
    assert (decide(standing, NOW).level, decide(standing, NOW).reason) == (override, "spare phone")


def test_an_override_without_a_reason_says_that_it_is_one() -> None:
    assert decide(Standing(ALLOW, Override(BLOCK)), NOW).reason == "set for this device"


def test_an_override_ends_at_its_time() -> None:
    standing = Standing(BLOCK, Override(ALLOW, until=SOON))
    assert decide(standing, NOW) == AccessDecision(ALLOW, "set for this device", until=SOON)
    assert decide(standing, SOON).level is BLOCK


def test_rules_beat_the_default_and_are_named() -> None:
    decision = decide(Standing(ALLOW, rules=Outcome(QUARANTINE, ("r1", "r2"))), NOW)
    assert (decision.level, decision.reason, decision.rules) == (QUARANTINE, "rule r1, r2", ("r1", "r2"))


def test_misbehaviour_outranks_an_override_that_allows_but_no_block_and_ends() -> None:
    suspended = Suspension(SOON, "a command flood")
    assert decide(Standing(ALLOW, Override(ALLOW), suspended), NOW).level is QUARANTINE
    assert decide(Standing(ALLOW, Override(BLOCK), suspended), NOW).level is BLOCK
    assert decide(Standing(ALLOW, Override(ALLOW), suspended), SOON).level is ALLOW


def test_a_disputed_identity_gets_nothing_whatever_was_set_for_it() -> None:
    decision = decide(Standing(ALLOW, Override(ALLOW), conflict="also used by bob"), NOW)
    assert (decision.level, decision.reason) == (BLOCK, "also used by bob")


def test_only_listed_devices() -> None:
    listed = Standing(ALLOW, only_listed=True, rules=Outcome(ALLOW, ("r",)))
    assert decide(listed, NOW) is NOT_LISTED
    assert decide(replace(listed, override=Override(ALLOW)), NOW).level is ALLOW


def test_devices_known_before_a_strict_default_may_be_spared() -> None:
    assert decide(Standing(BLOCK, spared=True), NOW).level is ALLOW
    assert decide(Standing(BLOCK, spared=True, rules=Outcome(BLOCK, ("r",))), NOW).level is BLOCK
    assert decide(Standing(ALLOW, spared=True), NOW).reason == "the organisation's default"


def test_a_disabled_user_and_an_inactive_organisation_beat_everything() -> None:
    standing = Standing(ALLOW, Override(ALLOW), user_enabled=False)
    assert decide(standing, NOW) is USER_DISABLED
    assert decide(replace(standing, organisation_active=False), NOW) is ORGANISATION_INACTIVE
    assert (USER_DISABLED.status, ORGANISATION_INACTIVE.level) == (126, BLOCK)


def test_too_many_devices_has_its_own_status() -> None:
    assert (DEVICE_LIMIT.level, DEVICE_LIMIT.status) == (BLOCK, 177)


STANDINGS = st.builds(
    Standing,
    st.sampled_from(AccessLevel),
    override=st.none()
    | st.builds(Override, st.sampled_from(AccessLevel), until=st.sampled_from([None, SOON])),
    suspension=st.none() | st.just(Suspension(SOON, "flood")),
    conflict=st.sampled_from(["", "disputed"]),
    rules=st.just(NOTHING) | st.builds(Outcome, st.sampled_from(AccessLevel), st.just(("r",))),
    only_listed=st.booleans(),
    spared=st.booleans(),
    user_enabled=st.booleans(),
    organisation_active=st.booleans(),
)


@given(STANDINGS, st.sampled_from([NOW, SOON]))
def test_the_first_instance_to_speak_decides_and_one_always_does(standing: Standing, now: datetime) -> None:
    said = [decision for _, decision in explain(standing, now) if decision is not None]
    assert decide(standing, now) == said[0]
    blocking = not standing.organisation_active or not standing.user_enabled or standing.conflict
    assert not blocking or decide(standing, now).level is BLOCK

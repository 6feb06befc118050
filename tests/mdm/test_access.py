"""Product 6.1: who decides, and with which Status a device hears it."""

import pytest

from mdm.access import DEVICE_LIMIT, ORGANISATION_INACTIVE, USER_DISABLED, AccessDecision, decide
from mdm.device import AccessLevel

ALLOW, BLOCK, QUARANTINE = AccessLevel.ALLOW, AccessLevel.BLOCK, AccessLevel.QUARANTINE


@pytest.mark.parametrize("default", AccessLevel)
def test_without_an_override_the_default_decides(default: AccessLevel) -> None:
    assert decide(None, default) == AccessDecision(default, "the organisation's default", 129)


@pytest.mark.parametrize("override", AccessLevel)
@pytest.mark.parametrize("default", AccessLevel)
def test_an_override_beats_the_default(override: AccessLevel, default: AccessLevel) -> None:
    decision = decide(override, default, override_reason="spare phone")
    assert (decision.level, decision.reason) == (override, "spare phone")


def test_an_override_without_a_reason_says_that_it_is_one() -> None:
    assert decide(BLOCK, ALLOW).reason == "set for this device"


def test_a_disabled_user_beats_an_allowing_override() -> None:
    assert decide(ALLOW, ALLOW, user_enabled=False) is USER_DISABLED
    assert USER_DISABLED.status == 126


def test_an_inactive_organisation_beats_everything() -> None:
    assert decide(ALLOW, ALLOW, user_enabled=False, organisation_active=False) is ORGANISATION_INACTIVE
    assert ORGANISATION_INACTIVE.level is BLOCK


def test_too_many_devices_has_its_own_status() -> None:
    assert (DEVICE_LIMIT.level, DEVICE_LIMIT.status) == (BLOCK, 177)

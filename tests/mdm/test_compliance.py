"""Every way in which a device can stand to its policy, in words (product 4.4)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mdm import compliance
from mdm.ashttp import version
from mdm.compliance import SERVED, Compliance, assess
from mdm.device import Device, DeviceState, Wipe, WipeKind
from mdm.lifecycle import Input, step
from mdm.policy import Policy
from mdm.provision import TEMPORARY_KEY_LIFETIME
from tests.support import partnership
from tests.support.stores import NOON

STRICT = Policy()
LAX = Policy(allow_non_provisionable=True)
HOUR = timedelta(hours=1)


def moved(device: Device, *events: Input, policy: Policy = STRICT, status: int = 1) -> Device:
    for event in events:
        digest = policy.digest(version(device.protocol_version))
        after, _ = step(device, event, now=NOON, new_key=7, digest=digest, status=status)
        assert after is not None
        device = after
    return device


NEW = partnership.device()
ASKED = moved(NEW, Input.POLICY_REQUESTED)
DONE = moved(ASKED, Input.POLICY_ACKNOWLEDGED)
WIPE = Wipe(WipeKind.ACCOUNT, NOON, "admin")


def declined(status: int, device: Device = ASKED) -> Device:
    return moved(device, Input.POLICY_DECLINED, status=status)


def answered(status: int, policy: Policy) -> Device:
    return moved(NEW, Input.POLICY_REQUESTED, Input.POLICY_ACKNOWLEDGED, policy=policy, status=status)


PARTLY, EXTERNAL = Policy(accept_partial=True), Policy(accept_external=True)
REFRESHED = Policy(refresh_hours=24)

ROWS: list[Any] = [
    pytest.param(NEW, STRICT, Compliance.NEVER_ASKED, "gets nothing", id="never-asked"),
    pytest.param(NEW, LAX, Compliance.WITHOUT_POLICY, "serves such devices", id="non-provisionable"),
    pytest.param(ASKED, STRICT, Compliance.ASKED, "not acknowledged it yet", id="asked"),
    pytest.param(
        replace(ASKED, offered_at=NOON - HOUR), STRICT, Compliance.UNANSWERED, "never", id="unanswered"
    ),
    pytest.param(DONE, STRICT, Compliance.COMPLIANT, "by its own word", id="compliant"),
    pytest.param(
        replace(DONE, policy_digest="old"), STRICT, Compliance.OUTDATED, "older policy", id="outdated"
    ),
    pytest.param(
        replace(DONE, policy_digest="old", reprovision_at=NOON + HOUR),
        STRICT,
        Compliance.CHANGE_COMING,
        "13:30",
        id="change-coming",
    ),
    pytest.param(
        replace(DONE, policy_digest="old", reprovision_at=NOON - HOUR),
        STRICT,
        Compliance.CHANGE_COMING,
        "as soon as its turn comes",
        id="change-held-back",
    ),
    pytest.param(
        replace(DONE, policy_digest="old", reprovision_at=datetime(9999, 12, 31, tzinfo=UTC)),
        STRICT,
        Compliance.CHANGE_COMING,
        "was cancelled",
        id="change-cancelled",
    ),
    pytest.param(
        moved(DONE, Input.POLICY_CHANGED), STRICT, Compliance.OUTDATED, "has to fetch", id="sent-back"
    ),
    pytest.param(
        replace(answered(1, REFRESHED), provisioned_at=NOON - 25 * HOUR),
        REFRESHED,
        Compliance.REFRESH_DUE,
        "every 24 hours",
        id="refresh",
    ),
    pytest.param(answered(2, PARTLY), PARTLY, Compliance.PARTIAL, "in part", id="partial-accepted"),
    pytest.param(answered(3, LAX), LAX, Compliance.NOT_APPLIED, "did not apply", id="not-applied-accepted"),
    pytest.param(answered(4, EXTERNAL), EXTERNAL, Compliance.EXTERNAL, "somebody else", id="external"),
    pytest.param(declined(2), STRICT, Compliance.DECLINED, "only in part", id="partial-refused"),
    pytest.param(declined(3), STRICT, Compliance.DECLINED, "did not apply", id="not-applied-refused"),
    pytest.param(declined(4), STRICT, Compliance.DECLINED, "somebody else", id="external-refused"),
    pytest.param(declined(2, DONE), STRICT, Compliance.DECLINED, "only in part", id="refused-later"),
    pytest.param(
        moved(answered(2, PARTLY), Input.POLICY_CHANGED),
        PARTLY,
        Compliance.OUTDATED,
        "has to fetch",
        id="partial-sent-back",
    ),
    pytest.param(
        moved(answered(4, EXTERNAL), Input.POLICY_CHANGED),
        EXTERNAL,
        Compliance.OUTDATED,
        "has to fetch",
        id="external-sent-back",
    ),
    pytest.param(replace(DONE, diagnosis="loops"), STRICT, Compliance.LOOPING, "loops", id="looping"),
    pytest.param(
        replace(DONE, suspended_until=NOON + HOUR, suspended_reason="flood"),
        STRICT,
        Compliance.SUSPENDED,
        "flood; until 2026-03-01 13:30 UTC",
        id="suspended",
    ),
    pytest.param(
        replace(DONE, suspended_until=NOON, suspended_reason="flood"),
        STRICT,
        Compliance.COMPLIANT,
        "",
        id="suspension-over",
    ),
    pytest.param(replace(DONE, conflict="copied"), STRICT, Compliance.CONFLICT, "copied", id="conflict"),
    pytest.param(
        replace(DONE, state=DeviceState.WIPE_REQUIRED, wipe=WIPE, conflict="x"),
        STRICT,
        Compliance.WIPING,
        "when it comes",
        id="wiping",
    ),
    pytest.param(
        replace(DONE, state=DeviceState.WIPE_SUCCEEDED, wipe=WIPE), STRICT, Compliance.WIPED, "", id="wiped"
    ),
]


@pytest.mark.parametrize(("device", "policy", "state", "words"), ROWS)
def test_each_answer_is_a_state_with_words(
    device: Device, policy: Policy, state: Compliance, words: str
) -> None:
    found = assess(device, policy, NOON)
    assert found.compliance is state
    assert words in found.words


def test_every_state_is_reached() -> None:
    assert {row.values[2] for row in ROWS} == set(Compliance)


def test_what_serves_is_what_the_gatekeeper_serves() -> None:
    assert {Compliance.LOOPING, Compliance.DECLINED, Compliance.CONFLICT}.isdisjoint(SERVED)
    assert {Compliance.COMPLIANT, Compliance.PARTIAL} <= SERVED


def test_an_offer_waits_as_long_as_its_key_lives() -> None:
    assert compliance.ANSWER_WITHIN == TEMPORARY_KEY_LIFETIME

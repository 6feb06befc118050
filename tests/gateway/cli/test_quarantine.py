"""``usher quarantine`` (product 6.5, 7.4)."""

from collections.abc import Callable
from typing import Any

import pytest

from gateway.records import Actor
from mdm.access import AccessDecision
from mdm.device import AccessLevel, DeviceInformation
from tests.support.desk import Desk, Usher
from tests.support.world import ADMIN

Asked = Callable[..., Any]


@pytest.fixture
def waiting(usher: Usher, desk: Desk, ann: str) -> str:
    usher("org", "set", "acme", "--default-access", "quarantine")
    for number in range(3):
        device = desk.phone(ann, f"PHONE{number}")
        desk.services.devices.learn_information(device.key, DeviceInformation(model="Pixel 8"), ADMIN)
        answer = AccessDecision(AccessLevel.QUARANTINE, "the organisation's default")
        desk.services.quarantine.notice(device.key, answer, Actor("device", "x"))
    return ann


def test_who_waits_and_is_let_in(usher: Usher, asked: Asked, waiting: str) -> None:
    listed = usher("quarantine", "list", "acme").stdout
    assert listed.count("Pixel 8") == 3
    assert "the organisation's default" in listed
    assert usher("quarantine", "approve", waiting, "PHONE0", "--reason", "ours").stdout == "approved PHONE0\n"
    (rejected,) = asked("quarantine", "reject", waiting, "PHONE1", "--reason", "not ours")["items"]
    assert (rejected["access"], rejected["access_reason"]) == ("block", "not ours")
    assert len(asked("quarantine", "list", "acme")["items"]) == 1
    assert usher("quarantine", "approve", waiting).stdout == "approved PHONE2\n"
    assert usher("quarantine", "approve", waiting).stdout == "nobody waits\n"
    usher("quarantine", "approve", waiting, "NEVER", code=3)


def test_a_model_and_a_user_are_let_in(usher: Usher, asked: Asked, waiting: str) -> None:
    told = usher("quarantine", "approve-model", "acme", "Pixel 8", "--reason", "tested").stdout
    assert sorted(told.splitlines()) == ["let in PHONE0", "let in PHONE1", "let in PHONE2"]
    usher("quarantine", "approve-model", "acme", "*", code=2)
    assert usher("quarantine", "approve-user", waiting).stdout == "nobody waits\n"
    assert asked("quarantine", "approve-user", waiting, "--rule")["rules_version"] == 2

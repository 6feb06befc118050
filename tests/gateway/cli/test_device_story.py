"""A device's audit trail as a timeline."""

from collections.abc import Callable
from typing import Any

import pytest

from gateway.cli.device_story import WIDTH, changes
from mdm.device import DeviceInformation
from mdm.settings import RecoveryPassword
from tests.support.desk import Desk, Usher
from tests.support.world import ADMIN


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ({}, {}, ""),
        ({"state": "a"}, {"state": "b"}, "state: a > b"),
        ({"alias": ""}, {"alias": "loan"}, "alias: loan"),
        ({"alias": "loan"}, {"alias": ""}, "alias: loan > none"),
        ({}, {"tombstone": False}, "tombstone: False"),
        ({"a": 1, "b": 2}, {"a": 1, "b": 3, "c": 4}, "b: 2 > 3, c: 4"),
        ({"wipe": None}, {"wipe": {"kind": "account", "reason": ""}}, "wipe.kind: account"),
        (
            {"information": {"os": "iOS 16", "model": "x"}},
            {"information": {"os": "iOS 17", "model": "x"}},
            "information.os: iOS 16 > iOS 17",
        ),
        ({"x": None}, {"x": "y" * 100}, f"x: {'y' * (WIDTH - 1)}…"),
    ],
)
def test_what_changed_in_words(before: dict[str, Any], after: dict[str, Any], told: str) -> None:
    assert changes(before, after) == told


def test_the_story_of_a_device(usher: Usher, asked: Callable[..., Any], desk: Desk, ann: str) -> None:
    phone = desk.phone(ann)
    told = DeviceInformation(friendly_name="red\x1b[31m\u202e\nnew line")
    desk.services.devices.learn_information(phone.key, told, ADMIN)
    usher("device", "access", ann, "--level", "block", "--reason", "lost in a taxi")
    text = usher("device", "story", ann).stdout
    assert all(letter.isprintable() or letter == "\n" for letter in text)
    lines = text.splitlines()
    assert "partnership created" in lines[1]
    assert "state: Provisioning Required > Provisioning Succeeded" in text
    assert "information.friendly_name: red\\x1b[31m\\u202e\\nnew line" in text
    assert "access: block" in lines[-1] and "lost in a taxi" in lines[-1]
    assert len(asked("device", "story", ann)["items"]) == len(lines) - 1


def test_a_refused_act_is_part_of_it(usher: Usher, desk: Desk, ann: str) -> None:
    desk.phone(ann)
    usher("device", "password", ann, code=2)
    assert "A reason is needed" in usher("device", "story", ann).stdout


def test_a_recovery_password_is_revealed_with_a_reason(
    usher: Usher, asked: Callable[..., Any], desk: Desk, ann: str
) -> None:
    phone = desk.phone(ann)
    usher("device", "password", ann, "--reason", "forgotten", code=3)
    document = {"settings": {"DevicePasswordEnabled": True, "PasswordRecoveryEnabled": True}}
    desk.services.policies.set_policy(ADMIN, "acme", document)
    desk.services.recovery.take(ADMIN, phone.key, RecoveryPassword("Horse\x1b[31m77"))
    assert asked("device", "password", ann, "--reason", "forgotten")["password"] == "Horse\x1b[31m77"
    assert usher("device", "password", ann, "--reason", "forgotten").stdout == "Horse\\x1b[31m77\n"
    story = usher("device", "story", ann).stdout
    assert "recovery revealed" in story and "Horse" not in story

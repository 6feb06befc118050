"""``usher conduct`` (product 5.7, 5.8; T4)."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mdm.misbehaviour import DEFAULTS, Behaviour, Crossing
from tests.support.desk import Desk, Usher
from tests.support.world import ADMIN

FLOOD = Crossing(Behaviour.COMMAND_FLOOD, True, DEFAULTS[Behaviour.COMMAND_FLOOD])


def test_suspended_and_released(usher: Usher, asked: Callable[..., Any], desk: Desk, ann: str) -> None:
    phone = desk.phone(ann)
    desk.services.misbehaviour.suspend(phone.key, FLOOD)
    line = usher("conduct", "suspended", "acme").stdout.splitlines()[1]
    assert ann in line and "PHONE1" in line and "flood of commands" in line
    assert [each["device_id"] for each in asked("conduct", "suspended", "acme")["items"]] == ["PHONE1"]
    assert usher("conduct", "release", ann, "PHONE1", "--reason", "x").stdout == "released PHONE1\n"
    usher("conduct", "release", ann, "PHONE1", code=4)
    assert asked("conduct", "suspended", "acme")["items"] == []


def test_disputes_end(usher: Usher, desk: Desk, ann: str) -> None:
    phone = desk.phone(ann)
    desk.services.identities.dispute(phone.key, "it jumped", ADMIN)
    assert "it jumped" in usher("conduct", "disputed", "acme").stdout
    assert usher("conduct", "resolve", ann, "PHONE1", "block").stdout == "blocked PHONE1\n"
    usher("conduct", "resolve", ann, "PHONE1", "accept", code=4)
    desk.services.identities.dispute(phone.key, "it jumped", ADMIN)
    assert usher("conduct", "resolve", ann, "PHONE1", "forget").stdout == "forgotten PHONE1\n"
    assert desk.services.devices.get(phone.key) is None


def test_stale_and_looping(usher: Usher, asked: Callable[..., Any], desk: Desk, ann: str) -> None:
    desk.phone(ann)
    assert [each["device_id"] for each in asked("conduct", "stale", "acme", "--days", "1")["items"]] == [
        "PHONE1"
    ]
    assert usher("conduct", "looping", "acme").stdout.count("\n") == 1
    usher("conduct", "stale", "nobody", code=3)
    assert "PHONE1" in usher("device", "stale", "acme", "--days", "1").stdout


def test_thresholds(usher: Usher, asked: Callable[..., Any], tmp_path: Path, ann: str) -> None:
    assert ann
    assert "command_flood" in usher("conduct", "thresholds", "acme").stdout
    file = tmp_path / "thresholds.json"
    file.write_text(json.dumps({"errors": "off"}))
    assert asked("conduct", "set", "acme", str(file))["thresholds"]["errors"]["slow"] == 0
    assert asked("conduct", "thresholds", "acme")["thresholds"]["errors"]["slow"] == 0
    for wrong in ('{"errors": "on"}', "[]", "{"):
        file.write_text(wrong)
        usher("conduct", "set", "acme", str(file), code=2)


def test_the_page_of_a_device_says_how_it_stands(usher: Usher, desk: Desk, ann: str) -> None:
    desk.phone(ann)
    text = usher("device", "show", ann, "PHONE1").stdout
    assert "applied the policy, by its own word" in text

"""``usher policy`` (product 4, 7.4)."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.policy import changed
from tests.support.desk import Desk, Usher


def test_set_by_name_and_take_back(usher: Usher, asked: Callable[..., Any], desk: Desk, ann: str) -> None:
    desk.phone(ann)
    arguments = ("policy", "set", "acme", "--set", "DevicePasswordEnabled=true", "--set", "refresh_hours=24")
    assert asked(*arguments, "--dry-run")["touched"] == 1
    assert usher(*arguments).stdout == "version 1 is in force; 1 devices provision again\n"
    shown = asked("policy", "show", "acme")["document"]
    assert (shown["settings"], shown["refresh_hours"]) == ({"DevicePasswordEnabled": True}, 24)
    usher("policy", "set", "acme", "--unset", "DevicePasswordEnabled", "--unset", "refresh_hours")
    assert asked("policy", "show", "acme")["document"]["settings"] == {}
    assert asked("policy", "rollback", "acme", "1")["version"] == 3
    lines = usher("policy", "versions", "acme").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["VERSION", "1", "2", "3"]
    assert [each["version"] for each in asked("policy", "versions", "acme")["items"]] == [1, 2, 3]


def test_set_from_a_file(usher: Usher, asked: Callable[..., Any], acme: str, tmp_path: Path) -> None:
    file = tmp_path / "policy.json"
    file.write_text(json.dumps({"settings": {"AllowCamera": False}, "accept_partial": True}))
    usher("policy", "set", acme, str(file), "--set", "MaxDevicePasswordFailedAttempts=8")
    shown = asked("policy", "show", acme)["document"]
    assert shown["settings"] == {"AllowCamera": False, "MaxDevicePasswordFailedAttempts": 8}
    assert shown["accept_partial"] is True


def test_show_has_the_eleven_and_what_was_set(usher: Usher, acme: str) -> None:
    before = usher("policy", "show", acme).stdout
    assert "Password required" in before and "AllowCamera" not in before
    usher("policy", "set", acme, "--set", "AllowCamera=false")
    assert "AllowCamera" in usher("policy", "show", acme).stdout
    assert "AllowBluetooth" in usher("policy", "show", acme, "--all").stdout


def test_every_wrong_setting_is_named(usher: Usher, acme: str) -> None:
    wrong = ("--set", "MinDevicePasswordLength=99", "--set", "Nothing=1", "--set", "accept_partial=maybe")
    refused = usher("policy", "set", acme, *wrong, code=2)
    assert all(name in refused.stderr for name in ("MinDevicePasswordLength", "Nothing", "accept_partial"))


@pytest.mark.parametrize("content", ["", "[]", "{", "3", '{"settings": []}', "[" * 100_000])
def test_a_file_that_holds_no_policy(usher: Usher, acme: str, content: str) -> None:
    usher("policy", "set", acme, "-", typed=content, code=2)


def test_exit_codes(usher: Usher, acme: str) -> None:
    usher("policy", "set", acme, code=2)
    usher("policy", "set", acme, "--set", "AllowCamera", code=2)
    usher("policy", "show", "nobody", code=3)
    usher("policy", "rollback", acme, "9", code=3)
    usher("policy", "rollback", acme, "0", code=2)


def test_changes_leave_the_document_alone() -> None:
    document = {"settings": {"AllowCamera": True}, "refresh_hours": 1}
    assert changed(document, ["AllowCamera=false"], ["refresh_hours"]) == {"settings": {"AllowCamera": False}}
    assert document == {"settings": {"AllowCamera": True}, "refresh_hours": 1}

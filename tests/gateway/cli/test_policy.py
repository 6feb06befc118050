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


def test_a_list_that_was_sent_once_is_sent_empty() -> None:
    document = {"settings": {"ApprovedApplicationList": ["a"]}}
    assert changed(document, [], ["ApprovedApplicationList", "UnapprovedInROMApplicationList"]) == {
        "settings": {"ApprovedApplicationList": None}
    }


def test_named_policies(usher: Usher, asked: Callable[..., Any], acme: str) -> None:
    made = usher(
        "policy", "create", acme, "strict", "--template", "nist-minded", "--set", "AllowCamera=false"
    )
    assert "usher policy assign acme strict" in made.stdout
    shown = asked("policy", "show", acme, "--policy", "strict")
    assert shown["document"]["settings"]["AllowCamera"] is False
    assert shown["document"]["refresh_hours"] == 24
    usher("policy", "set", acme, "--policy", "strict", "--unset", "AllowCamera", "--reason", "photos")
    (differs,) = asked("policy", "diff", acme, "1", "2", "--policy", "strict")["items"]
    assert (differs["name"], differs["before"], differs["after"]) == ("AllowCamera", False, True)
    assert "AllowCamera" in usher("policy", "diff", acme, "1", "2", "--policy", "strict").stdout
    usher("policy", "copy", acme, "strict", "twin")
    assert [each["name"] for each in asked("policy", "list", acme)["items"]] == ["strict", "twin"]
    usher("policy", "rollback", acme, "1", "--policy", "strict", "--over", "30")
    lines = usher("policy", "list", acme).stdout.splitlines()
    assert [line.split()[:2] for line in lines[1:]] == [["strict", "3"], ["twin", "1"]]
    usher("policy", "delete", acme, "twin")
    usher("policy", "show", acme, "--policy", "twin", code=3)
    usher("policy", "delete", acme, "default", code=4)
    assert usher("policy", "uses", acme).stdout.startswith("the whole organisation")


def test_a_dry_run_tells_whom_and_who_would_ignore_it(usher: Usher, desk: Desk, ann: str) -> None:
    desk.phone(ann)
    said = usher("policy", "set", "acme", "--set", "RequireStorageCardEncryption=true", "--dry-run").stdout
    assert "touches 1 of 1 devices" in said
    assert "1 will not do RequireStorageCardEncryption: iOS and iPadOS Mail is known to ignore it" in said


def test_what_was_said_is_marked(usher: Usher, acme: str) -> None:
    usher("policy", "set", acme, "--set", "accept_partial=true")
    lines = {
        line.split()[0]: line.split() for line in usher("policy", "show", acme).stdout.splitlines() if line
    }
    assert lines["accept_partial"][1:] == ["yes", "yes"]
    assert lines["accept_external"][1:] == ["no"]

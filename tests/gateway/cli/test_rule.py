"""``usher rule`` (product 6, 7.4)."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.desk import Desk, Usher

Asked = Callable[..., Any]


def test_a_rule_from_its_making_to_its_end(usher: Usher, asked: Asked, ann: str) -> None:
    told = usher("rule", "add", "acme", "Old phones", "block", "--is", "os=<16", "--is", f"user={ann}").stdout
    assert told == "version 1 is in force, 1 rules\n"
    line = usher("rule", "list", "acme").stdout.splitlines()[-1]
    assert "old-phones" in line and f"os is <16 and user is {ann}" in line
    usher("rule", "set", "acme", "old-phones", "--effect", "quarantine", "--is-not", "model=iPhone")
    shown = asked("rule", "show", "acme", "Old phones")
    assert shown["effect"] == "quarantine"
    assert shown["conditions"] == [{"criterion": "model", "is_not": ["iPhone"]}]
    assert "model is not iPhone" in usher("rule", "show", "acme", "old-phones").stdout
    usher("rule", "disable", "acme", "old-phones")
    assert asked("rule", "list", "acme")["rules"][0]["enabled"] is False
    usher("rule", "enable", "acme", "old-phones")
    usher("rule", "remove", "acme", "old-phones")
    assert "no rules" in usher("rule", "list", "acme").stdout
    assert len(usher("rule", "versions", "acme").stdout.splitlines()) == 6
    assert asked("rule", "rollback", "acme", "1")["book"]["rules"][0]["name"] == "Old phones"
    usher("rule", "remove", "acme", "nothing", code=3)


def test_faults_and_what_would_lock_out(usher: Usher, desk: Desk, ann: str) -> None:
    desk.phone(ann)
    usher("rule", "add", "acme", "x", "block", "--is", "os", code=2)
    assert "there is no 'mood'" in usher("rule", "add", "acme", "x", "block", "--is", "mood=x", code=2).output
    refused = usher("rule", "add", "acme", "All", "block", code=4)
    assert "of 1 known devices" in refused.output
    told = usher("rule", "add", "acme", "All", "block", "--force").stdout
    assert f"  {ann} PHONE1: block" in told
    assert "stops every device" in usher("rule", "lint", "acme").stdout


def test_a_set_goes_out_and_comes_back(usher: Usher, asked: Asked, acme: str, tmp_path: Path) -> None:
    usher("rule", "add", acme, "One", "block", "--is", "os=iOS 15", "--is", "os=iOS 14")
    file = tmp_path / "rules.json"
    file.write_text(usher("rule", "export", acme).stdout)
    usher("rule", "remove", acme, "one")
    dry = usher("rule", "replace", acme, str(file), "--dry-run").stdout
    assert dry.startswith("0 known devices")
    assert asked("rule", "list", acme)["rules"] == []
    assert asked("rule", "replace", acme, str(file), "--dry-run")["impact"]["devices"] == 0
    usher("rule", "replace", acme, str(file))
    assert asked("rule", "list", acme)["rules"][0]["conditions"][0]["is"] == ["iOS 15", "iOS 14"]
    file.write_text("{}")
    usher("rule", "replace", acme, str(file), code=2)
    file.write_text("no json")
    usher("rule", "replace", acme, str(file), code=2)


def test_a_decision_in_words_and_for_programs(usher: Usher, asked: Asked, desk: Desk, ann: str) -> None:
    desk.phone(ann)
    usher("rule", "add", "acme", "Old", "block", "--is", "os=<16")
    told = usher("rule", "test", "acme", "--user", ann, "--device", "PHONE1").stdout
    assert told.startswith("allow: the organisation's default\n")
    assert "=> default: allow" in told
    assert "rule old (block) does not match\n    fails: os is <16; it is nothing" in told
    told = usher("rule", "test", "acme", "--os", "iOS 15.2").stdout
    assert told.startswith("block: rule old\n")
    assert "holds: os is <16; it is ios 15.2" in told
    assert asked("rule", "test", "acme", "--os", "iOS 15")["answer"]["level"] == "block"
    usher("rule", "test", "acme", "--user", ann, "--device", "NEVER", code=3)
    usher("rule", "test", "acme", "--user", ann, "--device", "NEVER", "--imagined")


def test_an_override_for_a_device_that_is_yet_to_come(
    usher: Usher, asked: Asked, desk: Desk, ann: str
) -> None:
    until = "2100-01-01T00:00:00+01:00"
    told = usher("rule", "override", ann, "SOON", "allow", "--reason", "bought", "--until", until).stdout
    assert told == "SOON: allow, when it comes\n"
    (one,) = asked("rule", "expected", "acme")["items"]
    assert (one["device_id"], one["until"]) == ("SOON", "2099-12-31T23:00:00Z")
    assert "bought" in usher("rule", "expected", "acme").stdout
    usher("rule", "override", ann, "SOON", "rules")
    desk.phone(ann)
    assert asked("rule", "override", ann, "phone1", "block")["access"] == "block"


@pytest.mark.parametrize("until", ["soon", "2100-01-01", "2100-01-01T00:00:00", "2000-01-01T00:00:00Z"])
def test_an_end_that_is_none(usher: Usher, ann: str, until: str) -> None:
    usher("rule", "override", ann, "SOON", "allow", "--until", until, code=2)


def test_a_default_is_rehearsed_before_it_cuts_off(usher: Usher, asked: Asked, desk: Desk, ann: str) -> None:
    desk.phone(ann)
    strict = ("org", "set", "acme", "--default-access", "quarantine")
    dry = usher(*strict, "--dry-run").stdout
    assert "1 are let in now, 0 would be" in dry
    assert f"{ann} PHONE1: quarantine" in dry
    assert asked(*strict, "--dry-run", "--spare-known")["admitted_after"] == 1
    assert "All 1 devices" in usher(*strict, code=4).output
    assert asked(*strict, "--spare-known")["default_access"] == "quarantine"
    usher(*strict, "--force")
    usher("org", "set", "acme", "--spare-known", code=2)
    usher("org", "set", "acme", "--name", "New", "--default-access", "allow")


def test_workmails_rules_come_over(usher: Usher, asked: Asked, ann: str, tmp_path: Path) -> None:
    file = tmp_path / "workmail.json"
    rules = [
        {"MobileDeviceAccessRuleId": "mdar-1", "Name": "default", "Effect": "ALLOW", "DateCreated": 1.5},
        {"Name": "no old", "Effect": "DENY", "DeviceOperatingSystems": ["Android 9"]},
    ]
    overrides = [
        {"UserId": "S-1-1", "DeviceId": "ABC1", "Effect": "DENY", "Description": "lost"},
        {"UserId": "S-9", "DeviceId": "ABC2", "Effect": "ALLOW"},
    ]
    file.write_text(
        json.dumps({"Rules": rules, "Overrides": overrides, "Users": [{"Id": "S-1-1", "Email": ann}]})
    )
    assert asked("rule", "import", "acme", str(file)) == {"rules": 2, "overrides": 1, "unknown": ["S-9"]}
    assert asked("rule", "list", "acme")["mode"] == "workmail"
    assert asked("rule", "test", "acme", "--os", "android 9.1")["answer"]["level"] == "block"
    usher("rule", "mode", "acme", "usher")
    file.write_text("[]")
    usher("rule", "import", "acme", str(file), code=2)


def test_a_device_is_let_in_until_then(usher: Usher, asked: Asked, desk: Desk, ann: str) -> None:
    desk.phone(ann)
    shown = asked("device", "access", ann, "--level", "allow", "--until", "2100-01-01T00:00:00Z")
    assert (shown["access"], shown["access_until"]) == ("allow", "2100-01-01T00:00:00Z")
    usher("device", "access", ann, "--level", "allow", "--until", "2000-01-01T00:00:00Z", code=2)
    assert asked("device", "access", ann, "--level", "rules")["access_until"] is None


def test_a_name_with_a_slash(usher: Usher, asked: Asked, acme: str) -> None:
    usher("rule", "add", acme, "iOS/iPadOS", "block", "--is", "os=<16")
    assert asked("rule", "show", acme, "iOS/iPadOS")["id"] == "ios-ipados"
    usher("rule", "disable", acme, "iOS/iPadOS")
    usher("rule", "remove", acme, "iOS/Android", code=3)
    usher("rule", "add", acme, "iOS/iPadOS", "block", "--is", "os=<15", "--id", "second")
    assert "use the id" in usher("rule", "remove", acme, "iOS/iPadOS", code=3).stderr

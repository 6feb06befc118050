"""``usher device`` (product 5, 7.4; T22)."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from gateway.chance import SystemClock
from gateway.cli import api
from gateway.cli import device as devices
from gateway.endpoints.api.device_views import view
from gateway.records import Actor
from gateway.services.backend_keys import BackendKeys
from mdm.ashttp import Version
from mdm.device import Device, DeviceInformation, DeviceState, WipeKind
from tests.support import partnership
from tests.support.desk import Desk, Usher


def test_list_and_show(usher: Usher, asked: Callable[..., Any], desk: Desk, ann: str) -> None:
    desk.phone(ann, "PHONE1")
    desk.phone(ann, "PHONE2", Version.V12_1)
    lines = usher("device", "list").stdout.splitlines()
    assert [line.split()[:3] for line in lines[1:]] == [[ann, "PHONE1", "iPhone"], [ann, "PHONE2", "iPhone"]]
    assert len(asked("device", "list", "--org", "acme", "--user", ann)["items"]) == 2
    assert asked("device", "list", "--state", "Wipe Required")["items"] == []
    assert asked("device", "show", ann, "phone2")["protocol_version"] == "12.1"
    text = usher("device", "show", ann, "PHONE1").stdout
    assert "reported model" in text and "Provisioning Succeeded" in text


def test_a_backends_wipe_is_shown_and_its_key_is_not(
    usher: Usher, asked: Callable[..., Any], desk: Desk, ann: str
) -> None:
    phone = desk.phone(ann)
    keys = BackendKeys(desk.services.store, SystemClock())
    keys.granted(phone.key, "horde", 4294967291, "")
    assert "provisioned for the device at" in usher("device", "show", ann).stdout
    keys.ordered(phone.key, "exchange", None)
    assert (
        "'exchange' orders a wipe of this device. It was not passed on."
        in usher("device", "show", ann).stdout
    )
    told = usher("device", "show", ann, "--json").stdout
    assert [each["backend"] for each in json.loads(told)["backends"]] == ["exchange", "horde"]
    assert "4294967291" not in told


def test_no_policy_key_is_ever_printed(usher: Usher, desk: Desk, ann: str) -> None:
    key = str(desk.phone(ann).policy_key)
    for arguments in (("show", ann), ("list",), ("story", ann)):
        for extra in ((), ("--json",)):
            words = usher("device", *arguments, *extra).stdout.replace('"', " ").replace(",", " ").split()
            assert key not in words


def test_progress_tells_a_failure(desk: Desk, ann: str, ordered: Device) -> None:
    world, body = desk.world, partnership.wipe_acknowledgement(WipeKind.ACCOUNT, 2)
    world.provision(ordered.key, partnership.initial(Version.V16_1))
    failed = world.provision(ordered.key, body).device
    assert "failed on the device 1 times" in devices._progress(view(failed, ann))


def test_provision_access_and_remove(usher: Usher, asked: Callable[..., Any], desk: Desk, ann: str) -> None:
    phone = desk.phone(ann)
    assert asked("device", "provision", ann)["state"] == "Provisioning Required"
    assert asked("device", "access", ann, "--level", "block", "--reason", "left")["access"] == "block"
    assert asked("device", "access", ann, "--level", "rules")["access"] is None
    usher("device", "wipe", ann)
    usher("device", "remove", ann, code=4)
    usher("device", "remove", ann, "--force")
    assert usher("device", "list").stdout.count("\n") == 1
    assert "Wipe Required" in usher("device", "show", ann, "PHONE1").stdout
    usher("device", "cancel", ann, "PHONE1")
    usher("device", "show", ann, "PHONE1", code=3)
    assert desk.services.devices.get(phone.key) is None


def test_the_story_of_a_device(usher: Usher, asked: Callable[..., Any], desk: Desk, ann: str) -> None:
    desk.phone(ann, "PHONE1")
    desk.phone(ann, "PHONE2")
    usher("device", "wipe", ann, "PHONE1", "--reason", "lost")
    tags = [each["tag"] for each in asked("device", "story", ann, "PHONE1")["items"]]
    assert tags[0] == "device:partnership:created"
    assert tags[-1] == "admin:wipe:required"
    lines = usher("device", "story", ann, "PHONE1").stdout.splitlines()
    assert lines[1].split()[2:5] == ["device", "partnership", "created"]
    assert lines[-1].split()[3:5] == ["wipe", "required"]
    assert lines[-1].split()[-1] == "lost"
    missing = usher("device", "story", ann, "PHONE3").stdout
    assert missing.splitlines() == ["AT  BY  WHAT  CHANGES  REASON  OUTCOME"]
    assert "wipe required" not in usher("device", "story", ann, "PHONE2").stdout


def test_what_a_device_says_of_itself_cannot_command_the_terminal(usher: Usher, desk: Desk, ann: str) -> None:
    phone = desk.phone(ann)
    told = DeviceInformation(model="\x1b[2J\x1b]0;x\x07", friendly_name="\u202eenohp")
    desk.services.devices.learn_information(phone.key, told, Actor("device", "x"))
    for arguments in (("list",), ("show", ann)):
        printed = usher("device", *arguments).stdout
        assert all(letter.isprintable() or letter == "\n" for letter in printed)
        assert "\\x1b[2J" in printed


def test_an_act_on_a_device_that_is_not_there_is_in_the_trail(
    usher: Usher, asked: Callable[..., Any], desk: Desk, ann: str
) -> None:
    usher("device", "wipe", ann, "GONE", code=3)
    (record,) = asked("audit", "list", "--tag", "admin:act:refused")["items"]
    assert record["target"].endswith("/GONE")


def test_exit_codes(usher: Usher, ann: str, acme: str) -> None:
    assert "has no device" in usher("device", "show", ann, code=3).stderr
    usher("device", "show", ann, "NONE", code=3)
    usher("device", "show", "nobody@acme.example", code=3)
    usher("device", "list", "--org", "nobody", code=3)
    usher("device", "list", "--state", "Lost", code=2)
    usher("device", "access", ann, code=2)
    usher("device", "wipe", ann, "--reason", "a\nb", code=2)


def test_lists_go_on_beyond_a_page(
    asked: Callable[..., Any], desk: Desk, ann: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        desk.phone(ann, f"PHONE{number}")
    monkeypatch.setattr(api, "PAGE", 2)
    assert len(asked("device", "list")["items"]) == 5


def test_every_state_can_be_asked_for(usher: Usher, ann: str) -> None:
    for state in DeviceState:
        usher("device", "list", "--state", state.value)


def test_play_stands_among_the_others(usher: Usher) -> None:
    assert "Play a phone" in usher("device", "play", "--help").stdout

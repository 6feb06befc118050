"""``usher device wipe`` and ``cancel`` (product 5.3, 5.5, 7.4)."""

import json
from collections.abc import Callable

import pytest

from gateway.cli import device_wipe
from mdm.ashttp import Version
from mdm.device import Device, WipeKind
from tests.support.desk import Desk, Usher
from tests.support.world import ADMIN

ALL_MAY = ("org", "safeguards", "acme", "--wipes-per-day-percent", "100")

Meanwhile = Callable[[Callable[[], object]], None]


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Something that happens while the command waits: when it looks for the first time."""

    def install(act: Callable[[], object]) -> None:
        acts = [act]
        monkeypatch.setattr(device_wipe, "sleep", lambda _: acts.pop()() if acts else None)

    return install


def test_a_user_with_several_devices_has_to_say_which(usher: Usher, desk: Desk, ann: str) -> None:
    desk.phone(ann, "PHONE1")
    desk.phone(ann, "PHONE2")
    refused = usher("device", "wipe", ann, code=2)
    assert refused.stdout == ""
    assert all(word in refused.stderr for word in ("PHONE1", "PHONE2", "which DEVICEID?"))
    assert not desk.services.devices.open_wipes()
    usher("device", "wipe", ann, "PHONE2")
    (wiped,) = desk.services.devices.open_wipes()
    assert wiped.device_id == "PHONE2"


def test_a_wipe_is_of_the_account_unless_said_otherwise(usher: Usher, desk: Desk, ann: str) -> None:
    phone = desk.phone(ann)
    assert "wipe (account) ordered" in usher("device", "wipe", ann).stdout
    usher("device", "wipe", ann, "--kind", "device", code=2)
    full = ("device", "wipe", ann, "--kind", "device", "--reason", "stolen")
    usher(*full, "--name", "PHONE1", code=4)
    usher("device", "cancel", ann, "--reason", "found")
    usher("org", "safeguards", "acme", "--no-approve-full-wipes")
    usher(*full, "--name", "PHONE2", code=2)
    asked = usher(*full, typed="phone1\n")
    assert "erases" in asked.stderr and "PHONE1" in asked.stderr
    stored = desk.services.devices.get(phone.key)
    assert stored is not None
    assert stored.wipe is not None
    assert (stored.wipe.kind, stored.wipe.reason) == (WipeKind.DEVICE, "stolen")
    assert stored.wipe.ordered_by.startswith("cli:")


def test_an_account_wipe_below_16_1_is_refused(usher: Usher, desk: Desk, ann: str) -> None:
    desk.phone(ann, version=Version.V14_1)
    assert "16.1" in usher("device", "wipe", ann, code=4).stderr


def test_all_of_a_user_are_wiped_one_by_one(usher: Usher, desk: Desk, ann: str) -> None:
    for number in range(3):
        desk.phone(ann, f"PHONE{number}", Version.V14_1 if number == 1 else Version.V16_1)
    usher(*ALL_MAY)
    result = usher("device", "wipe", "--all-of", ann, "--reason", "left", code=4)
    assert [line.split(":")[0] for line in result.stdout.splitlines()] == ["PHONE0", "PHONE2"]
    assert result.stderr.startswith("usher: PHONE1: ") and "16.1" in result.stderr
    assert {key.device_id for key in desk.services.devices.open_wipes()} == {"PHONE0", "PHONE2"}


def test_a_budget_holds_within_one_command(usher: Usher, desk: Desk, ann: str) -> None:
    for number in range(4):
        desk.phone(ann, f"PHONE{number}")
    usher(*ALL_MAY, "--wipes-per-hour", "2")
    result = usher("device", "wipe", ann, "PHONE0", "PHONE1", "phone2", "PHONE2", "PHONE3", code=4)
    assert len(result.stdout.splitlines()) == 2
    assert [line.split(":")[1].strip() for line in result.stderr.splitlines()] == ["PHONE2", "PHONE3"]
    assert len(desk.services.devices.open_wipes()) == 2


def test_what_is_refused_is_an_object_for_programs(usher: Usher, desk: Desk, ann: str) -> None:
    desk.phone(ann, "PHONE1")
    desk.phone(ann, "PHONE2", Version.V14_1)
    usher(*ALL_MAY)
    result = usher("device", "wipe", "--all-of", ann, "--json", code=4)
    assert [json.loads(line)["device_id"] for line in result.stdout.splitlines()] == ["PHONE1"]
    (problem,) = [json.loads(line) for line in result.stderr.splitlines()]
    assert (problem["about"], problem["status"]) == ("PHONE2", 409)


def test_whose_devices_has_to_be_clear(usher: Usher, desk: Desk, ann: str) -> None:
    for number in range(2):
        desk.phone(ann, f"PHONE{number}")
    usher("device", "wipe", code=2)
    usher("device", "wipe", ann, "--all-of", ann, code=2)
    usher("device", "wipe", "--all-of", "", code=3)
    both = ("device", "wipe", "--all-of", ann, "--kind", "device", "--reason", "x", "--name", "PHONE0")
    assert "one device" in usher(*both, code=2).stderr
    assert not desk.services.devices.open_wipes()


def test_several_waits_end_with_the_first_that_fails(
    usher: Usher, desk: Desk, ann: str, meanwhile: Meanwhile
) -> None:
    usher(*ALL_MAY)
    phones = [desk.phone(ann, f"PHONE{number}") for number in range(2)]

    def obey() -> None:
        for phone in phones:
            present = desk.services.devices.get(phone.key)
            assert present is not None
            desk.obeyed(present)

    meanwhile(obey)
    told = usher("device", "wipe", "--all-of", ann, "--wait", "--timeout", "60").stdout.splitlines()
    assert [line.split(":")[0] for line in told] == ["PHONE0", "PHONE1", "PHONE0", "PHONE1"]
    assert all("acknowledged at" in line for line in told[2:])


def test_wait_ends_when_the_device_has_obeyed(
    usher: Usher, desk: Desk, ann: str, ordered: Device, meanwhile: Meanwhile
) -> None:
    meanwhile(lambda: desk.obeyed(ordered))
    lines = usher("device", "wipe", ann, "--wait", "--timeout", "60").stdout.splitlines()
    assert "waiting for the device" in lines[0]
    assert "acknowledged at" in lines[-1]


def test_wait_for_programs_is_one_object_a_line(
    usher: Usher, desk: Desk, ann: str, ordered: Device, meanwhile: Meanwhile
) -> None:
    meanwhile(lambda: desk.obeyed(ordered))
    result = usher("device", "wipe", ann, "--wait", "--timeout", "60", "--json")
    steps = [json.loads(line) for line in result.stdout.splitlines()]
    assert (steps[0]["state"], steps[-1]["state"]) == ("Wipe Required", "Wipe Succeeded")


def test_wait_tells_of_an_order_whose_device_is_gone(
    usher: Usher, desk: Desk, ann: str, ordered: Device, meanwhile: Meanwhile
) -> None:
    def buried_and_obeyed() -> None:
        desk.services.devices.remove(ADMIN, ordered.key, force=True)
        desk.obeyed(ordered)

    meanwhile(buried_and_obeyed)
    result = usher("device", "wipe", ann, "--wait", "--timeout", "60", "--json")
    last = json.loads(result.stdout.splitlines()[-1])
    assert last["order"]["progress"] == "acknowledged"


def test_wait_ends_without_success(
    usher: Usher, desk: Desk, ann: str, ordered: Device, meanwhile: Meanwhile
) -> None:
    late = usher("device", "wipe", ann, "--wait", "--timeout", "0", code=1)
    assert "stays ordered" in late.stderr
    meanwhile(lambda: desk.services.devices.cancel_wipe(ADMIN, ordered.key))
    assert "cancelled" in usher("device", "wipe", ann, "--wait", code=1).stderr
    usher("device", "wipe", ann)

    def vanish() -> None:
        desk.services.devices.remove(ADMIN, ordered.key, force=True)
        desk.services.devices.remove(ADMIN, ordered.key, force=True)

    meanwhile(vanish)
    assert "removed" in usher("device", "wipe", ann, "--wait", code=1).stderr


def test_a_wipe_is_taken_back(usher: Usher, desk: Desk, ann: str, ordered: Device) -> None:
    assert "cancelled" in usher("device", "cancel", ann, "phone1", "--reason", "found").stdout
    usher("device", "cancel", ann, code=4)
    assert not desk.services.devices.open_wipes()

"""``usher device list`` and ``name``: filters, sorts, CSV; nothing that a device reports can do harm."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from gateway.cli import api
from gateway.endpoints.spreadsheets import COLUMNS
from gateway.services.tenants import Settings
from mdm.device import Device, DeviceInformation
from tests.support.desk import Desk, Usher
from tests.support.world import ADMIN, PASSWORD

EVIL = '=HYPERLINK("http://evil")\x1b[31m\r\n\u202e\ttab'


@pytest.fixture
def evil(desk: Desk, ann: str) -> Device:
    """A phone that reports what would harm a terminal or a spreadsheet."""
    phone = desk.phone(ann)
    told = DeviceInformation(*(EVIL for _ in range(9)))
    return desk.services.devices.learn_information(phone.key, told, ADMIN)


def test_filters_sorts_and_limits(usher: Usher, asked: Callable[..., Any], desk: Desk, ann: str) -> None:
    for number in range(4):
        desk.phone(ann, f"PHONE{number}")

    def ids(*arguments: str) -> list[str]:
        return [each["device_id"] for each in asked("device", "list", *arguments)["items"]]

    assert ids("--sort=-device_id", "--limit", "2") == ["PHONE3", "PHONE2"]
    assert ids("--model", "iphone", "--protocol", ">=16.0", "--device-id", "*2") == ["PHONE2"]
    assert ids("--search", "phone2") == ["PHONE2"]
    assert ids("--state", "Wipe Required") == []
    assert "--protocol" not in usher("device", "list", "--protocol", "x", code=2).stdout
    assert asked("device", "list", "--count")["total"] == 4
    assert "Provisioning Succeeded" in usher("device", "list", "--count").stdout


def test_no_report_reaches_the_terminal_as_it_is(usher: Usher, evil: Device, ann: str) -> None:
    for arguments in (("list",), ("show", ann), ("story", ann), ("list", "--csv")):
        text = usher("device", *arguments).stdout
        assert all(letter.isprintable() or letter == "\n" for letter in text), arguments
    assert len(usher("device", "list").stdout.splitlines()) == 2


def test_json_keeps_what_was_reported(asked: Callable[..., Any], evil: Device, ann: str) -> None:
    assert asked("device", "show", ann)["reported"]["friendly_name"] == EVIL


def test_no_cell_of_a_csv_is_a_formula(usher: Usher, evil: Device) -> None:
    heads, cells = csv.reader(io.StringIO(usher("device", "list", "--csv").stdout))
    assert heads == list(COLUMNS)
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert cells[heads.index("friendly_name")].startswith("'=HYPERLINK")


def test_nothing_in_json_commands_the_terminal(usher: Usher, desk: Desk, ann: str) -> None:
    text = "\x9b31m\x7f\u202e\U000e0041ö"
    desk.services.devices.learn_information(desk.phone(ann).key, DeviceInformation(model=text), ADMIN)
    for command in (("list",), ("show", ann)):
        said = usher("device", *command, "--json").stdout
        assert said.removesuffix("\n").isprintable() and "ö" in said
        document = json.loads(said)
        assert document.get("items", [document])[0]["reported"]["model"] == text


def test_a_device_is_given_a_name(usher: Usher, asked: Callable[..., Any], desk: Desk, ann: str) -> None:
    desk.phone(ann)
    usher("device", "name", ann, "--as", "loan phone", "--reason", "lent")
    assert asked("device", "list", "--alias", "=Loan Phone")["items"][0]["alias"] == "loan phone"
    assert "lent" in usher("device", "story", ann).stdout
    usher("device", "name", ann, "--as", "x\x1b[31m", code=2)
    usher("device", "name", ann, "--as", "")
    assert asked("device", "list", "--alias", "=Loan Phone")["items"] == []


def test_a_device_is_shown_with_its_policy_and_its_answer(
    usher: Usher, asked: Callable[..., Any], desk: Desk, ann: str
) -> None:
    desk.phone(ann)
    usher("device", "access", ann, "--level", "block", "--reason", "lost")
    shown = asked("device", "show", ann)
    assert shown["answer"]["level"] == "block"
    assert isinstance(shown["policies"], list)
    text = usher("device", "show", ann).stdout
    assert "answer" in text and "lost" in text and "first_seen" in text


def test_an_empty_filter_is_none_left_out(usher: Usher, desk: Desk, ann: str) -> None:
    desk.phone(ann)
    for option in ("--org", "--user", "--model", "--access-reason"):
        refused = usher("device", "list", option, "", code=2)
        assert (refused.stdout, refused.stderr.startswith(f"usher: {option}: ")) == ("", True)


def test_one_order_over_all_organisations(usher: Usher, desk: Desk, ann: str) -> None:
    made = desk.services
    made.tenants.create_organisation(ADMIN, "globex", Settings())
    made.tenants.add_domain(ADMIN, "globex", "globex.example")
    eve = made.users.create(ADMIN, "globex", "eve@globex.example", password=PASSWORD).address
    for address, device_id in ((ann, "B"), (eve, "A"), (ann, "D"), (eve, "C")):
        desk.phone(address, device_id)
    listed = usher("device", "list", "--sort=-device_id", "--limit", "3").stdout.splitlines()[1:]
    assert [line.split()[:2] for line in listed] == [[ann, "D"], [eve, "C"], [ann, "B"]]
    assert "eve" not in usher("device", "list", "--org", "acme").stdout
    usher("device", "list", "--org", "acme", "--user", eve, code=3)


@pytest.mark.parametrize("form", ["--csv", "--json"])
def test_pages_are_one_answer(
    usher: Usher, desk: Desk, ann: str, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    for number in range(5):
        desk.phone(ann, f"PHONE{number}")
    whole = usher("device", "list", form).stdout
    monkeypatch.setattr(api, "PAGE", 2)
    assert usher("device", "list", form).stdout == whole
    assert whole.count("PHONE") == 5

"""The policy editor (product 4, 7.2)."""

from typing import Any

import httpx
import pytest

from gateway.endpoints.console.policies import document_of
from gateway.endpoints.forms import Form
from mdm.policy import SETTINGS, Policy
from tests.support.desk import Desk
from tests.support.world import ADMIN

POLICIES = "/console/o/acme/policies"
DEFAULT = f"{POLICIES}/default"


def test_an_empty_form_sets_nothing() -> None:
    assert document_of(Form())["settings"] == {}
    Policy.from_document(document_of(Form()))


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("true", "DevicePasswordEnabled", True),
        ("false", "DevicePasswordEnabled", False),
        (" 6 ", "MinDevicePasswordLength", 6),
        ("six", "MinDevicePasswordLength", "six"),
        ("a.exe\n\n b.exe \n", "UnapprovedInROMApplicationList", ["a.exe", "b.exe"]),
    ],
)
def test_a_field_is_read_by_its_kind(text: str, name: str, value: Any) -> None:
    assert document_of(Form(((f"set.{name}", text),)))["settings"] == {name: value}


async def test_every_setting_stands_in_the_editor_the_eleven_first(browser: httpx.AsyncClient) -> None:
    page = (await browser.get(DEFAULT)).text
    places = [page.index(f'name="set.{each.name}"') for each in SETTINGS if each.label]
    others = [page.index(f'name="set.{each.name}"') for each in SETTINGS if not each.label]
    assert len(places) == 11
    assert max(places) < min(others)
    assert "honoured by" in page


async def test_whom_it_would_touch_is_said_before_it_is_saved(desk: Desk, browser: httpx.AsyncClient) -> None:
    desk.phone("ann@acme.example")
    form = {"set.DevicePasswordEnabled": "true", "set.MinDevicePasswordLength": "6"}
    told = await browser.post(DEFAULT, data=form | {"do": "try"})
    assert "1 of 1 devices would have to fetch the policy again." in told.text
    assert 'value="6"' in told.text
    assert desk.services.policies.current("acme", "default") is None
    assert (await browser.post(DEFAULT, data=form | {"do": "save"})).is_redirect
    saved = desk.services.policies.current("acme", "default")
    assert saved is not None
    assert saved.document["settings"]["MinDevicePasswordLength"] == 6


async def test_a_wrong_setting_is_a_fault_at_its_field(browser: httpx.AsyncClient) -> None:
    refused = await browser.post(DEFAULT, data={"set.MinDevicePasswordLength": "99", "do": "save"})
    assert refused.status_code == 400
    field = refused.text[refused.text.index('name="set.MinDevicePasswordLength"') :]
    assert 'aria-invalid="true"' in field[:400]


async def test_versions_are_compared_and_put_in_force_again(browser: httpx.AsyncClient) -> None:
    for length in ("4", "8"):
        await browser.post(DEFAULT, data={"set.MinDevicePasswordLength": length, "do": "save"})
    compared = (await browser.get(DEFAULT, params={"before": "1", "after": "2"})).text
    assert "MinDevicePasswordLength" in compared
    assert (await browser.post(f"{DEFAULT}/roll_back", data={"version": "1"})).is_redirect
    assert "version 3" in (await browser.get(DEFAULT)).text


async def test_a_policy_is_made_assigned_and_taken_away(browser: httpx.AsyncClient) -> None:
    made = await browser.post(POLICIES, data={"name": "strict", "start": ""})
    assert made.headers["location"] == f"{POLICIES}/strict"
    meant = {"policy": "strict", "reach": "user", "target": "ann@acme.example", "priority": "1"}
    assert (await browser.post(f"{POLICIES}/assign", data=meant)).is_redirect
    assert "ann@acme.example" in (await browser.get(POLICIES)).text
    assert (await browser.post(f"{POLICIES}/strict/remove", data={"csrf": ""})).status_code == 400
    assert (await browser.post(f"{POLICIES}/unassign", data=meant)).is_redirect
    assert (await browser.post(f"{POLICIES}/strict/remove", data={"csrf": ""})).is_redirect


async def test_the_changes_that_touched_devices_are_listed(desk: Desk, browser: httpx.AsyncClient) -> None:
    assert "Changes that touched devices" not in (await browser.get(POLICIES)).text
    desk.phone("ann@acme.example")
    desk.services.policies.set_policy(ADMIN, "acme", {"settings": {"DevicePasswordEnabled": True}})
    page = (await browser.get(POLICIES)).text
    assert "Changes that touched devices" in page
    assert "/ 1</td>" in page

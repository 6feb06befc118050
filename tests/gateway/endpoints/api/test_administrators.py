"""Administrators over REST: within reach, no more than one holds, and confirmed (product 7.6; T9, T25)."""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from gateway.endpoints import principals
from gateway.records.authority import Appointment, Role
from tests.support.accounts import OWNER, PASSWORD, appoint, arrived
from tests.support.desk import Desk

ALL = "/api/v1/administrators"
VIEWER = {"role": "viewer", "organisation": "acme"}


def body(name: str = "ann", *appointments: dict[str, Any], **values: Any) -> dict[str, Any]:
    return {"name": name, "appointments": list(appointments or [VIEWER]), **values}


async def test_an_account_is_made_shown_changed_and_removed(client: httpx.AsyncClient, desk: Desk) -> None:
    made = await client.post(ALL, json=body(" ANN ", address="ann@acme.example", password=PASSWORD))
    assert made.status_code == 201
    account = made.json()
    assert (account["name"], account["state"], account["second_factor"]) == ("ann", "enabled", False)
    assert account["appointments"][0]["organisation"].startswith("m-")
    for key in ("ann", account["id"]):
        assert (await client.get(f"{ALL}/{key}")).json() == account
    changed = await client.patch(f"{ALL}/ann", json={"state": "disabled", "display_name": "Ann"})
    assert (changed.json()["state"], changed.json()["display_name"]) == ("disabled", "Ann")
    assert (await client.delete(f"{ALL}/ann")).status_code == 204
    assert (await client.get(f"{ALL}/ann")).status_code == 404


async def test_accounts_come_in_pages(client: httpx.AsyncClient, desk: Desk) -> None:
    for name in ("c", "a", "b"):
        appoint(desk, name)
    found, cursor = [], ""
    while cursor is not None:
        page = (await client.get(ALL, params={"limit": 2, "cursor": cursor})).json()
        found += [each["name"] for each in page["items"]]
        cursor = page["next"]
    assert found == ["a", "b", "c"]


async def test_every_wrong_field_is_named_at_once(client: httpx.AsyncClient) -> None:
    wrong = {
        "name": "a b",
        "appointments": [],
        "address": "x",
        "password": "canary",
        "display_name": "",
        "more": 1,
    }
    answer = await client.post(ALL, json=wrong)
    assert answer.status_code == 400
    assert {each["field"] for each in answer.json()["errors"]} == set(wrong)
    assert "canary" not in answer.text


@pytest.mark.parametrize(
    ("appointment", "status"),
    [
        ({"role": "king"}, 400),
        ({"role": "viewer", "organisation": "nowhere"}, 404),
        ({"role": "viewer", "organisation": "acme", "domain": "globex.example"}, 400),
        ({"role": "viewer", "organisation": "acme", "group": "nobody"}, 400),
        ({"role": "viewer", "full_wipe": True}, 400),
        ({"role": "operator", "organisation": "acme", "full_wipe": True}, 201),
        ({"role": "help desk", "organisation": "acme", "domain": "acme.example"}, 201),
    ],
)
async def test_appointments_are_for_what_there_is(
    client: httpx.AsyncClient, appointment: dict[str, Any], status: int
) -> None:
    assert (await client.post(ALL, json=body("ann", appointment))).status_code == status


async def test_roles_passwords_factors_and_persons(client: httpx.AsyncClient, desk: Desk) -> None:
    bob = await arrived(client, desk, "bob")
    appoint(desk, "root")
    given = await client.post(f"{ALL}/bob/appointments", json=VIEWER)
    assert [each["role"] for each in given.json()["appointments"]] == ["owner", "viewer"]
    taken = await client.post(f"{ALL}/bob/appointments/dismiss", json={"role": "owner"})
    assert [each["role"] for each in taken.json()["appointments"]] == ["viewer"]
    assert (await bob("GET", "/administrators")).status_code == 403
    linked = await client.put(f"{ALL}/bob/person", json={"administrator": "root"})
    assert linked.json()["person"] == desk.services.administrators.get("root").id
    assert (await client.delete(f"{ALL}/bob/person")).json()["person"] == linked.json()["id"]
    reset = await client.post(f"{ALL}/bob/second-factor/reset")
    assert (reset.json()["second_factor"], reset.json()["recovery_codes_left"]) == (False, 0)
    assert (await bob("GET", "/me")).status_code == 401
    assert (await client.put(f"{ALL}/bob/password", json={"password": "weak"})).status_code == 400
    assert (await client.put(f"{ALL}/bob/password", json={"password": "Other-Horse-3"})).status_code == 200
    assert (await bob.sign_in()).status_code == 401
    assert (await bob.sign_in(password="Other-Horse-3")).status_code == 201


async def test_an_owner_of_one_organisation_sees_and_makes_its_own(
    client: httpx.AsyncClient, desk: Desk
) -> None:
    home = desk.services.tenants.organisation("acme").id
    boss = await arrived(client, desk, "boss", Appointment(Role.OWNER, home))
    appoint(desk, "root")
    appoint(desk, "both", Appointment(Role.VIEWER, home), Appointment(Role.VIEWER, "globex"))
    listed = (await boss("GET", "/administrators")).json()["items"]
    assert [each["name"] for each in listed] == ["boss"]
    for name in ("root", "both", "nobody"):
        assert (await boss("GET", f"/administrators/{name}")).status_code == 404
        assert (await boss("DELETE", f"/administrators/{name}")).status_code == 404
        assert (await boss("PATCH", f"/administrators/{name}", {"state": "disabled"})).status_code == 404
    assert (await boss("POST", "/administrators", body("desk"))).status_code == 201
    for appointment, status in (
        ({"role": "owner"}, 403),
        ({"role": "viewer", "organisation": "globex"}, 404),
        ({"role": "operator", "organisation": "acme", "full_wipe": True}, 403),
    ):
        made = await boss("POST", "/administrators", body("more", appointment))
        given = await boss("POST", "/administrators/desk/appointments", appointment)
        assert (made.status_code, given.status_code) == (status, status)
    assert (await boss("DELETE", "/administrators/desk")).status_code == 204


@pytest.mark.parametrize("role", [each for each in Role if each is not Role.OWNER])
async def test_nobody_but_an_owner_writes(
    client: httpx.AsyncClient, desk: Desk, role: Role, monkeypatch: pytest.MonkeyPatch
) -> None:
    appoint(desk, "bob")
    weaker = replace(principals.BOOTSTRAP, appointments=(Appointment(role),))
    monkeypatch.setattr(principals, "BOOTSTRAP", weaker)
    answers = [
        await client.post(ALL, json=body()),
        await client.patch(f"{ALL}/bob", json={}),
        await client.delete(f"{ALL}/bob"),
        await client.put(f"{ALL}/bob/password", json={"password": PASSWORD}),
        await client.post(f"{ALL}/bob/second-factor/reset"),
        await client.post(f"{ALL}/bob/appointments", json=VIEWER),
        await client.post(f"{ALL}/bob/appointments/dismiss", json=VIEWER),
        await client.put(f"{ALL}/bob/person", json={"administrator": "bob"}),
        await client.delete(f"{ALL}/bob/person"),
    ]
    assert {each.status_code for each in answers} == {403}


async def test_every_write_takes_a_confirmation(
    client: httpx.AsyncClient, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    appoint(desk, "bob")
    unconfirmed = replace(principals.BOOTSTRAP, confirmed=False)
    monkeypatch.setattr(principals, "BOOTSTRAP", unconfirmed)
    answer = await client.delete(f"{ALL}/bob")
    assert (answer.status_code, answer.json()["title"]) == (403, "unconfirmed")
    assert (await client.get(ALL)).status_code == 200


async def test_the_last_owner_is_neither_removed_nor_disabled(client: httpx.AsyncClient, desk: Desk) -> None:
    appoint(desk, "root", OWNER)
    assert (await client.delete(f"{ALL}/root")).status_code == 409
    assert (await client.patch(f"{ALL}/root", json={"state": "disabled"})).status_code == 409

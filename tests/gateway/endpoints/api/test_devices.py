"""Devices over REST: list, wipe, cancel, remove, provision, access (product 5; T25, T28, T35)."""

from typing import Any

import httpx
import pytest

from gateway.services.safeguards import SafeguardChanges
from mdm.ashttp import Version
from mdm.device import WipeKind
from mdm.settings import RecoveryPassword
from tests.support.desk import Desk
from tests.support.world import ADMIN

ACME = "/api/v1/organisations/acme/devices"


def at(owner: str, device_id: str = "PHONE1", act: str = "") -> str:
    return f"{ACME}/{owner}/{device_id}{act}"


async def test_a_device_and_nothing_secret_of_it(client: httpx.AsyncClient, desk: Desk, ann: str) -> None:
    device = desk.phone(ann)
    shown = await client.get(at(ann))
    document = shown.json()
    assert (document["address"], document["device_id"]) == (ann, "PHONE1")
    assert (document["state"], document["reported"]["model"]) == ("Provisioning Succeeded", "iPhone15,2")
    assert device.policy_key != 0
    assert "key" not in " ".join(document)
    assert str(device.policy_key) not in shown.text.replace(document["device_id"], "")


async def test_a_device_id_is_found_in_either_case(client: httpx.AsyncClient, desk: Desk, ann: str) -> None:
    desk.phone(ann)
    assert (await client.get(at(ann, "phone1"))).json()["device_id"] == "PHONE1"


async def test_lists_filter_and_have_pages(client: httpx.AsyncClient, desk: Desk, ann: str, eve: str) -> None:
    for number in range(5):
        desk.phone(ann, f"PHONE{number}")
    desk.phone(eve, "FOREIGN")
    await client.post(at(ann, "PHONE2", "/wipe"), json={})

    async def ids(**query: Any) -> list[str]:
        answer = await client.get(ACME, params=query)
        assert answer.status_code == 200, answer.text
        return [each["device_id"] for each in answer.json()["items"]]

    everything = [f"PHONE{number}" for number in range(5)]
    assert await ids() == everything
    assert await ids(user=ann) == everything
    assert await ids(state="Wipe Required") == ["PHONE2"]
    seen: list[str] = []
    cursor = ""
    while cursor is not None:
        page = (await client.get(ACME, params={"limit": 2, "cursor": cursor})).json()
        seen += [each["device_id"] for each in page["items"]]
        cursor = page["next"]
    assert seen == everything


@pytest.mark.parametrize(
    "cursor", ["x", "!", "W10", "WzFd", "bnVsbA", "WyJhIiwgImIiLCAiYyJd", "WyJhIiwgIlx1MDAwMCJd"]
)
async def test_a_cursor_that_somebody_wrote(client: httpx.AsyncClient, cursor: str) -> None:
    answer = await client.get(ACME, params={"cursor": cursor})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "cursor")


async def test_a_wipe_is_of_the_account_unless_said_otherwise(
    client: httpx.AsyncClient, desk: Desk, ann: str
) -> None:
    desk.phone(ann)
    ordered = await client.post(at(ann, act="/wipe"), json={"reason": "lost"})
    assert (ordered.status_code, ordered.json()["state"]) == (202, "Wipe Required")
    wipe = ordered.json()["wipe"]
    assert (wipe["kind"], wipe["reason"], wipe["ordered_by"]) == ("account", "lost", "bootstrap")
    assert desk.services.devices.open_wipes()


@pytest.mark.parametrize("reason", [{}, {"reason": ""}, {"reason": "  "}])
async def test_a_full_wipe_needs_a_reason(
    client: httpx.AsyncClient, desk: Desk, ann: str, reason: dict[str, str]
) -> None:
    desk.phone(ann)
    refused = await client.post(at(ann, act="/wipe"), json={"kind": "device", **reason})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "reason")
    assert not desk.services.devices.open_wipes()


async def test_a_full_wipe_with_a_reason(client: httpx.AsyncClient, desk: Desk, ann: str) -> None:
    device = desk.phone(ann)
    alone = SafeguardChanges(approve_full_wipes=False)
    desk.services.safeguards.change(ADMIN, "acme", alone, may_loosen=True)
    body = {"kind": "device", "reason": "stolen", "name": "phone1"}
    ordered = await client.post(at(ann, act="/wipe"), json=body)
    assert (ordered.status_code, ordered.json()["wipe"]["kind"]) == (202, "device")
    stored = desk.services.devices.get(device.key)
    assert stored is not None
    assert stored.wipe is not None
    assert stored.wipe.kind is WipeKind.DEVICE


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "full"}, "kind"),
        ({"kind": None}, "kind"),
        ({"reason": "x" * 513}, "reason"),
        ({"reason": "a\nb"}, "reason"),
        ({"type": "device"}, "type"),
    ],
)
async def test_a_wrong_order_wipes_nothing(
    client: httpx.AsyncClient, desk: Desk, ann: str, body: dict[str, Any], field: str
) -> None:
    desk.phone(ann)
    refused = await client.post(at(ann, act="/wipe"), json=body)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, field)
    assert not desk.services.devices.open_wipes()


async def test_an_account_wipe_below_16_1_never_becomes_a_full_one(
    client: httpx.AsyncClient, desk: Desk, ann: str
) -> None:
    desk.phone(ann, version=Version.V14_1)
    refused = await client.post(at(ann, act="/wipe"), json={})
    assert (refused.status_code, "16.1" in refused.json()["detail"]) == (409, True)
    assert not desk.services.devices.open_wipes()


async def test_cancel_takes_a_wipe_back_once(client: httpx.AsyncClient, desk: Desk, ann: str) -> None:
    desk.phone(ann)
    await client.post(at(ann, act="/wipe"), json={})
    cancelled = await client.post(at(ann, act="/wipe/cancel"), json={"reason": "found"})
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "Provisioning Required")
    assert (await client.post(at(ann, act="/wipe/cancel"))).status_code == 409


async def test_an_obeyed_wipe_can_be_read(client: httpx.AsyncClient, desk: Desk, ann: str) -> None:
    device = desk.phone(ann)
    await client.post(at(ann, act="/wipe"), json={})
    ordered = desk.services.devices.get(device.key)
    assert ordered is not None
    desk.obeyed(ordered)
    shown = (await client.get(at(ann))).json()
    assert shown["state"] == "Wipe Succeeded"
    assert shown["wipe"]["acknowledged_at"] is not None


async def test_provision_and_access(client: httpx.AsyncClient, desk: Desk, ann: str) -> None:
    desk.phone(ann)
    sent = await client.post(at(ann, act="/provision"))
    assert (sent.status_code, sent.json()["state"]) == (200, "Provisioning Required")
    blocked = await client.put(at(ann, act="/access"), json={"level": "block", "reason": "left"})
    assert (blocked.json()["access"], blocked.json()["access_reason"]) == ("block", "left")
    assert (await client.put(at(ann, act="/access"), json={"level": None})).json()["access"] is None
    assert (await client.put(at(ann, act="/access"), json={})).status_code == 400


async def test_remove_and_by_force(client: httpx.AsyncClient, desk: Desk, ann: str) -> None:
    desk.phone(ann, "PHONE1")
    desk.phone(ann, "PHONE2")
    assert (await client.delete(at(ann))).status_code == 204
    assert (await client.get(at(ann))).status_code == 404
    await client.post(at(ann, "PHONE2", "/wipe"), json={})
    assert (await client.delete(at(ann, "PHONE2"))).status_code == 409
    assert (await client.delete(at(ann, "PHONE2"), params={"force": "true"})).status_code == 204
    assert (await client.get(ACME)).json()["items"] == []
    assert (await client.get(at(ann, "PHONE2"))).json()["state"] == "Wipe Required"


ACTS = [
    ("GET", "", None),
    ("DELETE", "", None),
    ("POST", "/wipe", {"kind": "device", "reason": "x", "name": "FOREIGN"}),
    ("POST", "/wipe/cancel", {}),
    ("POST", "/provision", {}),
    ("PUT", "/access", {"level": "block"}),
]


@pytest.mark.parametrize(("method", "act", "body"), ACTS)
async def test_a_device_of_another_organisation_is_not_there(
    client: httpx.AsyncClient, desk: Desk, ann: str, eve: str, method: str, act: str, body: Any
) -> None:
    foreign = desk.phone(eve, "FOREIGN")
    for owner in (eve, foreign.key.user, ann):
        answer = await client.request(method, at(owner, "FOREIGN", act), json=body)
        assert answer.status_code == 404, owner
    assert desk.services.devices.get(foreign.key) == foreign
    cursor_of_another = await client.get(ACME, params={"user": eve})
    assert cursor_of_another.status_code == 404


async def test_any_filter_with_any_sort(client: httpx.AsyncClient, desk: Desk, ann: str, eve: str) -> None:
    for number in range(5):
        desk.phone(ann, f"PHONE{number}")
    desk.phone(eve, "FOREIGN")

    async def ids(**query: Any) -> list[str]:
        found: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            answer = await client.get(ACME, params={**query, "limit": 2, "cursor": cursor})
            assert answer.status_code == 200, answer.text
            found += [each["device_id"] for each in answer.json()["items"]]
            cursor = answer.json()["next"]
        return found

    everything = [f"PHONE{number}" for number in range(5)]
    assert await ids(sort="-device_id") == everything[::-1]
    assert await ids(sort="model", model="iphone", protocol=">=16.0") == everything
    assert await ids(device_id="*e3") == ["PHONE3"]
    assert await ids(search="phone4", sort="-last_seen") == ["PHONE4"]
    assert await ids(state="Wipe Required,Wipe Succeeded") == []
    assert await ids(friendly_name="\x1b[31m") == []


async def test_a_cursor_is_of_one_question(client: httpx.AsyncClient, desk: Desk, ann: str) -> None:
    for number in range(3):
        desk.phone(ann, f"PHONE{number}")
    first = (await client.get(ACME, params={"limit": 1, "sort": "os"})).json()["next"]
    for other in ({"sort": "-os"}, {"sort": "os", "model": "i"}, {}, {"sort": "os", "user": ann}):
        answer = await client.get(ACME, params={"cursor": first, **other})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "cursor")
    assert (await client.get(ACME, params={"cursor": first, "sort": "os"})).status_code == 200


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"protocol": "x"}, "protocol"),
        ({"sort": "colour"}, "sort"),
        ({"colour": "red"}, "colour"),
        ({"held": "y"}, "held"),
    ],
)
async def test_what_is_no_question_is_told_by_name(
    client: httpx.AsyncClient, desk: Desk, ann: str, query: dict[str, str], field: str
) -> None:
    answer = await client.get(ACME, params=query)
    assert answer.status_code in (400, 422), answer.text
    assert field in {error["field"] for error in answer.json()["errors"]}


async def test_devices_are_counted(client: httpx.AsyncClient, desk: Desk, ann: str, eve: str) -> None:
    desk.phone(ann)
    desk.phone(eve, "FOREIGN")
    counted = (await client.get(ACME + "/counts")).json()
    assert (counted["total"], counted["exact"]) == (1, True)
    assert counted["states"] == {"Provisioning Succeeded": 1}
    assert sum(counted["families"].values()) == 1
    assert (await client.get(ACME + "/counts", params={"type": "nothing"})).json()["total"] == 0


async def test_a_device_is_given_a_name(client: httpx.AsyncClient, desk: Desk, ann: str) -> None:
    desk.phone(ann)
    named = await client.patch(at(ann), json={"alias": "loan phone", "reason": "lent"})
    assert (named.status_code, named.json()["alias"]) == (200, "loan phone")
    assert (await client.get(ACME, params={"alias": "=loan phone"})).json()["items"][0][
        "device_id"
    ] == "PHONE1"
    long = await client.patch(at(ann), json={"alias": "x" * 65})
    assert (long.status_code, long.json()["errors"][0]["field"]) == (400, "alias")
    assert (await client.patch(at(ann, "NOBODY"), json={"alias": "x"})).status_code == 404


async def test_a_recovery_password_is_revealed_with_a_reason(
    client: httpx.AsyncClient, desk: Desk, ann: str
) -> None:
    phone = desk.phone(ann)
    place = at(ann, act="/password/reveal")
    assert (await client.post(place, json={"reason": "forgotten"})).status_code == 404
    document = {"settings": {"DevicePasswordEnabled": True, "PasswordRecoveryEnabled": True}}
    desk.services.policies.set_policy(ADMIN, "acme", document)
    desk.services.recovery.take(ADMIN, phone.key, RecoveryPassword("Horse-77"))
    assert (await client.post(place, json={"reason": " "})).status_code == 400
    revealed = await client.post(place, json={"reason": "forgotten"})
    assert (revealed.status_code, revealed.json()["password"]) == (200, "Horse-77")
    assert "no-store" in revealed.headers["cache-control"]
    for shown in (at(ann), ACME, "/api/v1/audit"):
        assert "Horse-77" not in (await client.get(shown)).text

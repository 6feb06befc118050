"""Orders of wipes over REST (product 5.5; T9, T25, T35)."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from gateway.endpoints import principals
from gateway.records.authority import MACHINE, Authority, Permission
from tests.support.desk import Desk

HOME = "/api/v1/organisations/acme"
FULL = {"kind": "device", "reason": "stolen", "name": "PHONE1"}


@contextmanager
def signed_in(name: str, *without: Permission) -> Iterator[None]:
    """Another administrator."""
    with pytest.MonkeyPatch.context() as patch:
        person = Authority(
            name, name, appointments=MACHINE, limits=frozenset(Permission) - set(without), confirmed=True
        )
        patch.setattr(principals, "BOOTSTRAP", person)
        yield


def wipe_of(owner: str, device_id: str = "PHONE1") -> str:
    return f"{HOME}/devices/{owner}/{device_id}/wipe"


async def test_what_may_be_ordered_and_what_is_erased(
    client: httpx.AsyncClient, desk: Desk, ann: str
) -> None:
    desk.phone(ann)
    account, full = (await client.get(wipe_of(ann))).json()["items"]
    assert (account["kind"], account["obstacle"], account["approval"]) == ("account", "", False)
    assert (full["kind"], full["approval"], full["type_name"]) == ("device", True, "PHONE1")
    assert "everything else on it stays" in account["erases"]


async def test_a_full_wipe_from_request_to_approval(client: httpx.AsyncClient, desk: Desk, ann: str) -> None:
    desk.phone(ann)
    asked = await client.post(wipe_of(ann), json=FULL)
    order = asked.json()["order"]
    assert (asked.status_code, asked.json()["state"]) == (202, "Provisioning Succeeded")
    assert "awaits the approval" in order["words"]
    own = await client.post(f"{HOME}/wipes/{order['id']}/approve")
    assert (own.status_code, "second administrator" in own.json()["detail"]) == (403, True)
    with signed_in("second"):
        approved = await client.post(f"{HOME}/wipes/{order['id']}/approve", json={"reason": "he called"})
        again = await client.post(f"{HOME}/wipes/{order['id']}/approve")
    assert (approved.json()["progress"], approved.json()["approved_by"]) == ("ordered", "second")
    assert again.status_code == 409
    assert len(desk.services.devices.open_wipes()) == 1
    shown = (await client.get(f"{HOME}/wipes/{order['id']}")).json()
    assert "waiting for the device" in shown["words"]


async def test_an_administrator_without_full_wipes(client: httpx.AsyncClient, desk: Desk, ann: str) -> None:
    desk.phone(ann)
    with signed_in("clerk", Permission.WIPE_FULL):
        refused = await client.post(wipe_of(ann), json=FULL)
        assert (refused.status_code, "wipe:full" in refused.json()["detail"]) == (403, True)
        departure = await client.post(f"{HOME}/users/{ann}/offboard", json={"kind": "device", "reason": "x"})
        assert departure.status_code == 403
        assert (await client.post(wipe_of(ann), json={})).status_code == 202
    (listed, *_) = (await client.get(f"{HOME}/wipes")).json()["items"]
    assert (listed["kind"], listed["address"]) == ("account", ann)


async def test_who_may_not_cancel_a_wipe_does_not_end_it_by_removing_the_device(
    client: httpx.AsyncClient, desk: Desk, ann: str
) -> None:
    desk.phone(ann)
    await client.post(wipe_of(ann), json={})
    device = f"{HOME}/devices/{ann}/PHONE1"
    for _ in range(2):
        with signed_in("clerk", Permission.DEVICE_WIPE):
            refused = await client.delete(device, params={"force": "true"})
        assert (refused.status_code, "device:wipe" in refused.json()["detail"]) == (403, True)
        assert len(desk.services.devices.open_wipes()) == 1
        await client.delete(device, params={"force": "true"})
    assert not desk.services.devices.open_wipes()


async def test_nor_by_removing_the_organisation(client: httpx.AsyncClient, desk: Desk, ann: str) -> None:
    desk.phone(ann)
    await client.post(wipe_of(ann), json={})
    with signed_in("clerk", Permission.DEVICE_WIPE):
        refused = await client.delete(HOME, params={"alias": "acme", "force": "true"})
        assert (refused.status_code, "device:wipe" in refused.json()["detail"]) == (403, True)
        assert (await client.delete(HOME, params={"alias": "acme"})).status_code == 409
    assert len(desk.services.devices.open_wipes()) == 1


async def test_a_full_wipe_needs_its_name(client: httpx.AsyncClient, desk: Desk, ann: str) -> None:
    desk.phone(ann)
    refused = await client.post(wipe_of(ann), json={"kind": "device", "reason": "stolen"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "name")


async def test_orders_are_turned_down_and_taken_back(client: httpx.AsyncClient, desk: Desk, ann: str) -> None:
    desk.phone(ann)
    first = (await client.post(wipe_of(ann), json=FULL)).json()["order"]["id"]
    rejected = await client.post(f"{HOME}/wipes/{first}/reject", json={"reason": "not his"})
    assert "rejected" in rejected.json()["words"] and "not his" in rejected.json()["words"]
    second = (await client.post(wipe_of(ann), json={})).json()["order"]["id"]
    assert (await client.post(f"{HOME}/wipes/{second}/cancel")).json()["progress"] == "cancelled"
    assert (await client.post(f"{HOME}/wipes/{second}/cancel")).status_code == 409
    third = (await client.post(wipe_of(ann), json=FULL)).json()["order"]
    assert (await client.post(wipe_of(ann) + "/cancel")).json()["order"]["id"] == third["id"]


async def test_lists_filter_and_have_pages(client: httpx.AsyncClient, desk: Desk, ann: str) -> None:
    desk.phone(ann)
    for _ in range(3):
        await client.post(wipe_of(ann), json={})
        await client.post(wipe_of(ann) + "/cancel")
    seen: list[str] = []
    cursor = ""
    while cursor is not None:
        page = (await client.get(f"{HOME}/wipes", params={"limit": 2, "cursor": cursor})).json()
        seen += [each["id"] for each in page["items"]]
        cursor = page["next"]
    assert len(set(seen)) == len(seen) == 3
    assert (await client.get(f"{HOME}/wipes", params={"progress": "ordered"})).json()["items"] == []
    either = {"progress": ["ordered", "cancelled"]}
    assert len((await client.get(f"{HOME}/wipes", params=either)).json()["items"]) == 3
    assert len((await client.get(f"{HOME}/wipes", params={"user": ann})).json()["items"]) == 3
    assert (await client.get(f"{HOME}/wipes", params={"cursor": "WyJhIiwgImIiXQ"})).status_code == 400


async def test_an_order_of_another_organisation_is_not_there(
    client: httpx.AsyncClient, desk: Desk, ann: str
) -> None:
    desk.phone(ann)
    order = (await client.post(wipe_of(ann), json=FULL)).json()["order"]["id"]
    foreign = f"/api/v1/organisations/globex/wipes/{order}"
    assert (await client.get(foreign)).status_code == 404
    for act in ("approve", "reject", "cancel"):
        assert (await client.post(f"{foreign}/{act}")).status_code == 404


async def test_the_emergency_brake(client: httpx.AsyncClient, desk: Desk, ann: str) -> None:
    desk.phone(ann)
    await client.post(wipe_of(ann), json={})
    stopped = (await client.post(f"{HOME}/wipes/panic", json={"reason": "intruder"})).json()
    assert (stopped["cancelled"], stopped["unapproved"], stopped["delivered"]) == (1, 0, [])
    assert "cannot be taken back" in stopped["remainder"]
    assert (await client.post(wipe_of(ann), json={})).status_code == 409
    everywhere = (await client.post("/api/v1/wipes/panic")).json()["items"]
    assert len(everywhere) == 2

"""The audit trail over REST (product 8)."""

import httpx

from tests.support.desk import Desk

ALL = "/api/v1/audit"


async def test_the_trail_of_one_device_with_pages(client: httpx.AsyncClient, desk: Desk, ann: str) -> None:
    device = desk.phone(ann)
    path = f"/api/v1/organisations/acme/devices/{ann}/PHONE1/wipe"
    await client.post(path, json={"reason": "stolen"})
    target = f"{device.key.user}/{device.key.device_id}"
    tags: list[str] = []
    cursor = ""
    while cursor is not None:
        page = (await client.get(ALL, params={"target": target, "limit": 2, "cursor": cursor})).json()
        tags += [each["tag"] for each in page["items"]]
        cursor = page["next"]
    assert tags[0] == "device:partnership:created"
    assert tags[-1] == "admin:wipe:required"
    (record,) = (await client.get(ALL, params={"tag": "admin:wipe:required"})).json()["items"]
    assert (record["actor"]["name"], record["reason"]) == ("bootstrap", "stolen")
    assert (record["actor"]["address"], record["outcome"]) == ("192.0.2.99", "done")


async def test_a_removed_organisation_keeps_its_trail(client: httpx.AsyncClient, desk: Desk) -> None:
    made = desk.services.tenants.organisation("globex")
    await client.delete("/api/v1/organisations/globex", params={"alias": "globex"})
    records = (await client.get(ALL, params={"organisation": made.id})).json()["items"]
    assert [each["tag"] for each in records][-1] == "admin:organisation:removed"
    acme = (await client.get(ALL, params={"organisation": "acme"})).json()["items"]
    assert {each["organisation"] for each in acme} == {desk.services.tenants.organisation("acme").id}


async def test_a_refused_act_is_there_too(client: httpx.AsyncClient, desk: Desk, ann: str) -> None:
    desk.phone(ann)
    await client.post(f"/api/v1/organisations/acme/devices/{ann}/PHONE1/wipe/cancel")
    await client.post(f"/api/v1/organisations/acme/devices/{ann}/GONE/wipe", json={})
    records = (await client.get(ALL, params={"tag": "admin:act:refused"})).json()["items"]
    assert [record["target"].partition("/")[2] for record in records] == ["PHONE1", "GONE"]
    assert all(record["outcome"].startswith("refused") for record in records)


async def test_filters_are_strict(client: httpx.AsyncClient) -> None:
    query = {"tag": "nothing", "cursor": "WyJhIl0", "target": "a\x00", "since": "1"}
    answer = await client.get(ALL, params=query)
    assert {error["field"] for error in answer.json()["errors"]} == {"tag", "target", "since"}
    assert (await client.get(ALL, params={"cursor": "WyJhIl0"})).status_code == 400
    assert (await client.get(ALL, params={"limit": 1001})).status_code == 400

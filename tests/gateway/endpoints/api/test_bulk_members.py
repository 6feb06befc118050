"""A group's members in one call."""

import httpx

from tests.gateway.endpoints.api.conftest import ACME

BULK = f"{ACME}/groups/staff/members/bulk"


async def test_each_is_put_in_or_taken_out_by_itself(client: httpx.AsyncClient, ann: str, eve: str) -> None:
    for name in ("staff", "board"):
        await client.post(f"{ACME}/groups", json={"name": name})
    items = [
        {"member": ann},
        {"member": eve},
        {"member": "board"},
        {"member": "staff"},
        {"action": "remove", "member": "board"},
        {"action": "remove", "member": "board"},
        {"action": "burn", "member": ann},
    ]
    told = (await client.post(BULK, json={"items": items})).json()
    statuses = [item["problem"] and item["problem"]["status"] for item in told["items"]]
    assert statuses == [None, 404, None, 409, None, 404, 400]
    assert (told["done"], told["refused"]) == (3, 4)
    members = (await client.get(f"{ACME}/groups/staff/members")).json()["items"]
    assert [member["address"] for member in members] == [ann]


async def test_of_no_group(client: httpx.AsyncClient) -> None:
    assert (await client.post(BULK, json={"items": [{"member": "x"}]})).status_code == 404

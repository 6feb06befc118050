"""Many users in one call."""

from typing import Any

import httpx
import pytest

from gateway.endpoints import principals
from gateway.endpoints.api.bulk_users import PATH
from gateway.records import AuditTag
from gateway.records.authority import MACHINE, Appointment, Authority, Permission, Role
from tests.gateway.endpoints.api.conftest import ACME
from tests.support.accounts import arrived
from tests.support.desk import Desk
from tests.support.world import ADMIN, PASSWORD

BULK = f"{ACME}/users/bulk"


def named(name: str, **more: Any) -> dict[str, Any]:
    return {"address": f"{name}@acme.example", "password": PASSWORD} | more


async def send(client: httpx.AsyncClient, *items: Any) -> dict[str, Any]:
    answer = await client.post(BULK, json={"items": items}, timeout=60)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


async def test_each_is_made_or_says_why_not(client: httpx.AsyncClient, ann: str) -> None:
    told = await send(
        client,
        named("bob", first_name="Bob", aliases=["b@acme.example"], details={"city": "Ulm"}),
        named("ann"),
        named("carl", password="short"),
        {"address": "nothing"},
        named("dora", colour="red"),
        named("emil"),
    )
    assert (told["done"], told["refused"]) == (2, 4)
    statuses = [item["problem"] and item["problem"]["status"] for item in told["items"]]
    assert statuses == [None, 409, 400, 400, 400, None]
    bob = told["items"][0]["user"]
    assert (bob["first_name"], bob["aliases"], bob["details"]) == ("Bob", ["b@acme.example"], {"city": "Ulm"})
    assert told["items"][4]["problem"]["errors"] == [{"field": "colour", "fault": "This field is not known."}]
    assert PASSWORD not in str(told)
    assert "short" not in str(told)


async def test_one_that_is_refused_is_not_half_made(client: httpx.AsyncClient, ann: str) -> None:
    told = await send(
        client,
        named("bob", aliases=[ann]),
        named("carl", groups=["nobody's"]),
        named("dora", backend="none"),
        named("emil", details={"planet": "x"}),
    )
    assert told["done"] == 0
    listed = (await client.get(f"{ACME}/users")).json()["items"]
    assert [user["address"] for user in listed] == [ann]


async def test_users_are_put_into_groups(client: httpx.AsyncClient) -> None:
    await client.post(f"{ACME}/groups", json={"name": "staff"})
    told = await send(client, named("bob", groups=["staff"]), {**named("bob"), "action": "change"})
    assert told["refused"] == 0
    members = (await client.get(f"{ACME}/groups/staff/members")).json()["items"]
    assert [member["address"] for member in members] == ["bob@acme.example"]


async def test_present_ones_are_changed(client: httpx.AsyncClient, ann: str, eve: str) -> None:
    told = await send(
        client,
        {"action": "change", "address": ann, "display_name": "Ann B"},
        {"action": "change", "address": eve, "display_name": "Ours now"},
        {"action": "change", "address": "nobody@acme.example"},
    )
    assert [item["problem"] and item["problem"]["status"] for item in told["items"]] == [None, 404, 404]
    assert told["items"][0]["user"]["display_name"] == "Ann B"


async def test_groups_take_their_own_permission(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, desk: Desk
) -> None:
    await client.post(f"{ACME}/groups", json={"name": "staff"})
    rest = frozenset(Permission) - {Permission.GROUP_WRITE}
    monkeypatch.setattr(principals, "BOOTSTRAP", Authority("x", appointments=MACHINE, limits=rest))
    told = await send(client, named("bob", groups=["staff"]), named("carl"))
    assert [item["problem"] and item["problem"]["status"] for item in told["items"]] == [403, None]
    assert [item["address"] for item in (await client.get(f"{ACME}/users")).json()["items"]] == [
        "carl@acme.example"
    ]
    (record,) = desk.services.audit.query(tag=AuditTag.ACT_REFUSED)
    assert (record.target, record.after["permission"]) == (f"POST {PATH}", "group:write")


async def test_who_reaches_out_of_a_domain_is_on_record(client: httpx.AsyncClient, desk: Desk) -> None:
    desk.services.tenants.add_domain(ADMIN, "acme", "acme.test")
    home = desk.services.finder.organisation("acme").id
    clerk = await arrived(client, desk, "clerk", Appointment(Role.OPERATOR, home, domain="acme.test"))
    items = [named("bob"), {**named("eve"), "address": "eve@acme.test"}]
    told = (await clerk("POST", "/organisations/acme/users/bulk", {"items": items})).json()
    assert [item["problem"] and item["problem"]["status"] for item in told["items"]] == [400, None]
    (record,) = desk.services.audit.query(tag=AuditTag.ACT_REFUSED)
    assert (record.actor.name, record.after["act"]) == ("clerk", "admin:user:created")


@pytest.mark.parametrize("items", [[], [{}] * 501, {}, None])
async def test_what_is_no_bulk(client: httpx.AsyncClient, items: Any) -> None:
    assert (await client.post(BULK, json={"items": items})).status_code == 400


async def test_the_whole_is_done_once_under_a_key(client: httpx.AsyncClient) -> None:
    body = {"items": [named("bob"), named("bob")]}
    answers = [await client.post(BULK, json=body, headers={"Idempotency-Key": "x"}) for _ in range(2)]
    assert answers[0].content == answers[1].content
    assert answers[1].headers["idempotency-replayed"] == "true"
    assert answers[0].json()["done"] == 1

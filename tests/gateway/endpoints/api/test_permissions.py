"""Mailbox permissions over REST (product 1, 7.3)."""

import httpx
import pytest

from tests.support.desk import Desk
from tests.support.world import ADMIN, PASSWORD

ACME = "/api/v1/organisations/acme/permissions"
BOB = "bob@acme.example"


@pytest.fixture(autouse=True)
def _bob(desk: Desk) -> None:
    desk.services.users.create(ADMIN, "acme", BOB, password=PASSWORD)


async def test_a_permission_from_beginning_to_end(client: httpx.AsyncClient, ann: str) -> None:
    path = f"{ACME}/{BOB}/{ann}"
    given = await client.put(path, json={"rights": ["send_as", "full_access", "send_as"]})
    assert given.status_code == 200
    assert (given.json()["mailbox"], given.json()["grantee"]) == (BOB, ann)
    assert given.json()["rights"] == ["full_access", "send_as"]
    assert (await client.get(ACME)).json() == {"items": [given.json()], "next": None}
    assert (await client.delete(path)).status_code == 204
    assert (await client.delete(path)).status_code == 404


@pytest.mark.parametrize("body", [{}, {"rights": []}, {"rights": ["all"]}, {"rights": "full_access"}])
async def test_rights_are_named(client: httpx.AsyncClient, ann: str, body: dict[str, object]) -> None:
    answer = await client.put(f"{ACME}/{BOB}/{ann}", json=body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"].startswith("rights")


async def test_lists_are_narrowed_and_paged(client: httpx.AsyncClient, ann: str) -> None:
    await client.post("/api/v1/organisations/acme/groups", json={"name": "staff"})
    for mailbox, grantee in ((BOB, ann), (ann, BOB), (BOB, "staff")):
        await client.put(f"{ACME}/{mailbox}/{grantee}", json={"rights": ["full_access"]})
    on_bob = (await client.get(ACME, params={"mailbox": BOB})).json()["items"]
    assert {each["grantee"] for each in on_bob} == {ann, "staff"}
    of_bob = (await client.get(ACME, params={"grantee": BOB})).json()["items"]
    assert [each["mailbox"] for each in of_bob] == [ann]
    first = (await client.get(ACME, params={"limit": 2})).json()
    second = (await client.get(ACME, params={"limit": 2, "cursor": first["next"]})).json()
    assert (len(first["items"]), len(second["items"]), second["next"]) == (2, 1, None)


async def test_nobody_of_another_organisation_gets_or_gives(
    client: httpx.AsyncClient, ann: str, eve: str
) -> None:
    for path in (f"{ACME}/{BOB}/{eve}", f"{ACME}/{eve}/{ann}"):
        assert (await client.put(path, json={"rights": ["full_access"]})).status_code == 404
        assert (await client.delete(path)).status_code == 404

"""Resources over REST (product 1, 7.3)."""

import httpx

ACME = "/api/v1/organisations/acme/resources"
ROOM = {"address": "Room@acme.example", "name": "Room", "kind": "room"}


async def test_a_resource_from_beginning_to_end(client: httpx.AsyncClient) -> None:
    made = await client.post(ACME, json=ROOM)
    assert (made.status_code, made.json()["address"], made.json()["state"]) == (
        201,
        "room@acme.example",
        "enabled",
    )
    change = {"name": "Beamer", "kind": "equipment", "state": "disabled", "address": "b@acme.example"}
    changed = await client.patch(f"{ACME}/room@acme.example", json=change)
    assert changed.json() == made.json() | change
    assert (await client.get(f"{ACME}/{made.json()['id']}")).json() == changed.json()
    assert (await client.delete(f"{ACME}/b@acme.example")).status_code == 204
    assert (await client.get(f"{ACME}/b@acme.example")).status_code == 404


async def test_what_is_left_out_has_a_meaning(client: httpx.AsyncClient) -> None:
    made = (await client.post(ACME, json={"address": "room@acme.example"})).json()
    assert (made["name"], made["kind"]) == ("room@acme.example", "room")


async def test_every_wrong_field_is_named(client: httpx.AsyncClient) -> None:
    wrong = {"address": "x", "name": "", "kind": "boat", "color": "red"}
    answer = await client.post(ACME, json=wrong)
    assert answer.status_code == 400
    assert {error["field"] for error in answer.json()["errors"]} == set(wrong)


async def test_an_address_means_one_thing(client: httpx.AsyncClient, ann: str) -> None:
    assert (await client.post(ACME, json={"address": ann})).status_code == 409


async def test_pages(client: httpx.AsyncClient) -> None:
    for number in range(3):
        await client.post(ACME, json={"address": f"r{number}@acme.example"})
    first = (await client.get(ACME, params={"limit": 2})).json()
    second = (await client.get(ACME, params={"limit": 2, "cursor": first["next"]})).json()
    assert [each["address"][:2] for each in (*first["items"], *second["items"])] == ["r0", "r1", "r2"]
    assert second["next"] is None


async def test_a_resource_of_another_organisation_is_not_there(client: httpx.AsyncClient) -> None:
    path = "/api/v1/organisations/globex/resources"
    made = (await client.post(path, json={"address": "room@globex.example"})).json()
    for named in (made["id"], made["address"]):
        assert (await client.get(f"{ACME}/{named}")).status_code == 404
        assert (await client.delete(f"{ACME}/{named}")).status_code == 404

"""Groups over REST (product 1, 7.3)."""

import httpx
import pytest

ACME = "/api/v1/organisations/acme/groups"


async def test_a_group_from_beginning_to_end(client: httpx.AsyncClient, ann: str) -> None:
    body = {"name": "Staff", "address": "Staff@acme.example", "backend": "other", "priority": 2}
    made = await client.post(ACME, json=body)
    assert (made.status_code, made.json()["address"]) == (201, "staff@acme.example")
    for named in ("Staff", "staff@acme.example", made.json()["id"]):
        assert (await client.get(f"{ACME}/{named}")).json() == made.json()
    assert (await client.put(f"{ACME}/Staff/members/{ann}")).status_code == 204
    members = (await client.get(f"{ACME}/Staff/members")).json()
    assert [(each["address"], each["nested"]) for each in members["items"]] == [(ann, False)]
    place = (await client.get(f"/api/v1/organisations/acme/users/{ann}/place")).json()
    assert (place["backend"], [group["name"] for group in place["groups"]]) == ("other", ["Staff"])
    change = {"name": "Crew", "address": "", "backend": "", "state": "disabled"}
    changed = await client.patch(f"{ACME}/Staff", json=change)
    assert changed.json() == made.json() | change
    assert (await client.delete(f"{ACME}/Crew/members/{ann}")).status_code == 204
    assert (await client.delete(f"{ACME}/Crew/members/{ann}")).status_code == 404
    assert (await client.delete(f"{ACME}/Crew")).status_code == 204
    assert (await client.get(f"{ACME}/Crew")).status_code == 404


async def test_a_circle_is_refused(client: httpx.AsyncClient) -> None:
    for name in ("a", "b"):
        await client.post(ACME, json={"name": name})
    await client.put(f"{ACME}/a/members/b")
    answer = await client.put(f"{ACME}/b/members/a")
    assert (answer.status_code, answer.json()["detail"]) == (409, "The group would be a member of itself.")


async def test_every_wrong_field_is_named(client: httpx.AsyncClient) -> None:
    wrong = {"name": "", "address": "x", "state": "gone", "priority": 10**9, "color": "red"}
    answer = await client.post(ACME, json=wrong)
    assert answer.status_code == 400
    assert {error["field"] for error in answer.json()["errors"]} == set(wrong)
    nowhere = await client.post(ACME, json={"name": "x", "backend": "nowhere"})
    assert (nowhere.status_code, nowhere.json()["errors"][0]["field"]) == (400, "backend")


async def test_pages(client: httpx.AsyncClient, ann: str) -> None:
    for name in ("a", "b", "c"):
        await client.post(ACME, json={"name": name})
    await client.put(f"{ACME}/c/members/{ann}")
    await client.put(f"{ACME}/c/members/a")
    for path, count in ((ACME, 3), (f"{ACME}/c/members", 2)):
        seen: list[str] = []
        cursor = ""
        while cursor is not None:
            page = (await client.get(path, params={"limit": 1, "cursor": cursor})).json()
            seen += [each["id"] for each in page["items"]]
            cursor = page["next"]
        assert len(set(seen)) == len(seen) == count


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_a_group_of_another_organisation_is_not_there(client: httpx.AsyncClient, method: str) -> None:
    made = await client.post("/api/v1/organisations/globex/groups", json={"name": "board"})
    body = {} if method == "PATCH" else None
    for named in (made.json()["id"], "board"):
        answer = await client.request(method, f"{ACME}/{named}", json=body)
        assert answer.status_code == 404

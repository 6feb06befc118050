"""Users over REST (product 1, 7.3; T25, T28, T35)."""

from typing import get_args

import httpx
import pytest

from gateway.endpoints.api.users import DetailName
from gateway.records import DETAILS
from tests.support.desk import Desk
from tests.support.world import ADMIN, PASSWORD

ACME = "/api/v1/organisations/acme/users"


async def test_a_user_from_beginning_to_end(client: httpx.AsyncClient) -> None:
    body = {"address": "Bob@acme.example", "display_name": "Bob", "password": PASSWORD}
    made = await client.post(ACME, json=body)
    assert (made.status_code, made.json()["address"]) == (201, "bob@acme.example")
    change = {"display_name": "Robert", "state": "disabled", "aliases": ["robert@acme.example"]}
    changed = await client.patch(f"{ACME}/bob@acme.example", json=change | {"password": PASSWORD + "x"})
    assert (changed.status_code, changed.json() | change) == (200, changed.json())
    assert (await client.get(f"{ACME}/robert@acme.example")).json() == changed.json()
    assert (await client.delete(f"{ACME}/{made.json()['id']}")).status_code == 204
    assert (await client.get(f"{ACME}/bob@acme.example")).status_code == 404


async def test_neither_password_nor_hash_comes_back(client: httpx.AsyncClient, ann: str) -> None:
    answers = [
        await client.get(f"{ACME}/{ann}"),
        await client.patch(f"{ACME}/{ann}", json={"password": "Another-Horse-2"}),
        await client.patch(f"{ACME}/{ann}", json={"password": "canary"}),
        await client.post(ACME, json={"address": "x", "password": ["canary"]}),
        await client.get("/api/v1/audit"),
    ]
    for answer in answers:
        for secret in ("canary", "Another-Horse", PASSWORD, "argon2"):
            assert secret not in answer.text


async def test_a_weak_password_and_a_wrong_address_are_told_together(client: httpx.AsyncClient) -> None:
    answer = await client.post(ACME, json={"address": "bob", "password": "short", "admin": True})
    assert answer.status_code == 400
    faults = {error["field"]: error["fault"] for error in answer.json()["errors"]}
    assert set(faults) == {"address", "password", "admin"}
    assert faults["password"] == "The password must have at least 8 characters."


async def test_a_password_that_lives_elsewhere_changes_nothing_else(
    client: httpx.AsyncClient, desk: Desk
) -> None:
    await client.patch("/api/v1/organisations/acme", json={"user_source": "backend"})
    desk.services.users.create(ADMIN, "acme", "bob@acme.example")
    body = {"password": PASSWORD, "display_name": "Robert", "aliases": ["r@acme.example"]}
    answer = await client.patch(f"{ACME}/bob@acme.example", json=body)
    assert (answer.status_code, "mail server" in answer.json()["detail"]) == (501, True)
    bob = (await client.get(f"{ACME}/bob@acme.example")).json()
    assert (bob["display_name"], bob["aliases"]) == ("bob@acme.example", [])


async def test_an_alias_of_somebody_else_changes_nothing(client: httpx.AsyncClient, ann: str) -> None:
    await client.post(ACME, json={"address": "bob@acme.example", "password": PASSWORD})
    body = {"aliases": [ann], "state": "disabled", "display_name": "Robert"}
    assert (await client.patch(f"{ACME}/bob@acme.example", json=body)).status_code == 409
    bob = (await client.get(f"{ACME}/bob@acme.example")).json()
    assert (bob["state"], bob["display_name"]) == ("enabled", "bob@acme.example")


async def test_pages(client: httpx.AsyncClient, desk: Desk) -> None:
    await client.patch("/api/v1/organisations/acme", json={"user_source": "backend"})
    for number in range(5):
        desk.services.users.create(ADMIN, "acme", f"u{number}@acme.example")
    seen: list[str] = []
    cursor = ""
    while cursor is not None:
        page = (await client.get(ACME, params={"limit": 2, "cursor": cursor})).json()
        seen += [each["address"] for each in page["items"]]
        cursor = page["next"]
    assert seen == [f"u{number}@acme.example" for number in range(5)]


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_a_user_of_another_organisation_is_not_there(
    client: httpx.AsyncClient, desk: Desk, eve: str, method: str
) -> None:
    for name in (eve, desk.services.users.get(eve).id):
        foreign = await client.request(method, f"{ACME}/{name}", json={} if method == "PATCH" else None)
        nobody = await client.request(
            method, f"{ACME}/nobody@acme.example", json={} if method == "PATCH" else None
        )
        assert foreign.status_code == 404
        assert foreign.json() == nobody.json()


async def test_details_route_and_move_of_a_user(client: httpx.AsyncClient, ann: str) -> None:
    change = {
        "first_name": "Ann",
        "last_name": "Lee",
        "details": {"phone": "+44 20 7946 0000", "city": "Köln"},
        "backend": "other",
        "moved_to": "ann@elsewhere.example",
    }
    changed = (await client.patch(f"{ACME}/{ann}", json=change)).json()
    assert changed == changed | change
    less = {"details": {"phone": ""}, "backend": "", "moved_to": "", "first_name": ""}
    after = (await client.patch(f"{ACME}/{ann}", json=less)).json()
    assert (after["details"], after["backend"], after["moved_to"]) == ({"city": "Köln"}, "", "")
    assert (after["first_name"], after["last_name"]) == ("", "Lee")


async def test_an_alias_becomes_the_primary_address(client: httpx.AsyncClient, ann: str) -> None:
    await client.patch(f"{ACME}/{ann}", json={"aliases": ["anne@acme.example"]})
    after = (await client.patch(f"{ACME}/{ann}", json={"address": "anne@acme.example"})).json()
    assert (after["address"], after["aliases"]) == ("anne@acme.example", [ann])
    answer = await client.patch(f"{ACME}/{ann}", json={"address": "new@acme.example"})
    assert answer.status_code == 404


@pytest.mark.parametrize(
    "body",
    [{"details": {"fax": "1"}}, {"moved_to": "x"}, {"backend": "nowhere"}, {"details": {"phone": "1\n2"}}],
    ids=["unknown detail", "no address", "unknown backend", "two lines"],
)
async def test_a_wrong_field_of_a_user_is_named(
    client: httpx.AsyncClient, ann: str, body: dict[str, object]
) -> None:
    answer = await client.patch(f"{ACME}/{ann}", json=body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"].startswith(next(iter(body)))


def test_the_details_are_those_of_the_directory() -> None:
    assert get_args(DetailName) == DETAILS


async def test_the_place_of_a_user_of_another_organisation_is_not_told(
    client: httpx.AsyncClient, eve: str
) -> None:
    assert (await client.get(f"{ACME}/{eve}/place")).status_code == 404

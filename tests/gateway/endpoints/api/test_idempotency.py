"""A write under a key happens once and is answered again (product 7.3)."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from gateway.endpoints import principals
from gateway.endpoints.api import PREFIX, ROUTERS
from gateway.endpoints.api.signposts import SHOWN_ONCE, Signposts
from gateway.records.authority import MACHINE, Authority, Permission
from tests.gateway.endpoints.api.conftest import ACME
from tests.support.desk import Desk

USERS = f"{ACME}/users"
BOB = {"address": "bob@acme.example", "password": "Correct-horse-9"}
KEY = {"Idempotency-Key": "k-1"}
SECRETS = {"password", "secret", "token", "codes", "recovery_codes", "totp", "otpauth"}


async def trail(client: httpx.AsyncClient) -> int:
    answer = await client.get("/api/v1/audit?limit=1000")
    found = answer.json()
    return len(next(value for value in found.values() if isinstance(value, list)))


async def test_the_same_request_is_answered_again_and_done_once(client: httpx.AsyncClient) -> None:
    first = await client.post(USERS, json=BOB, headers=KEY)
    before = await trail(client)
    again = await client.post(USERS, json=BOB, headers=KEY)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["content-type"] == first.headers["content-type"]
    assert await trail(client) == before
    assert (await client.post(USERS, json=BOB)).status_code == 409


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", USERS, BOB | {"display_name": "Bob"}),
        ("POST", f"{USERS}?x=1", BOB),
        ("POST", f"{ACME}/groups", {"name": "staff"}),
        ("PATCH", ACME, {"name": "x"}),
    ],
)
async def test_another_request_under_the_key(
    client: httpx.AsyncClient, method: str, path: str, body: dict[str, Any]
) -> None:
    await client.post(USERS, json=BOB, headers=KEY)
    answer = await client.request(method, path, json=body, headers=KEY)
    assert answer.status_code == 409
    assert answer.json()["errors"][0]["field"] == "Idempotency-Key"
    assert "retry-after" not in answer.headers


async def test_a_deletion_is_answered_again(client: httpx.AsyncClient, desk: Desk, ann: str) -> None:
    for _ in range(2):
        answer = await client.delete(f"{USERS}/{ann}", headers=KEY)
        assert (answer.status_code, answer.content) == (204, b"")
    assert "content-length" not in answer.headers
    assert (await client.delete(f"{USERS}/{ann}")).status_code == 404


async def test_what_is_refused_frees_its_key(client: httpx.AsyncClient) -> None:
    wrong = BOB | {"password": "short"}
    assert (await client.post(USERS, json=wrong, headers=KEY)).status_code == 400
    assert (await client.post(USERS, json=BOB, headers=KEY)).status_code == 201


async def test_of_many_at_once_one_is_done(client: httpx.AsyncClient, ann: str, desk: Desk) -> None:
    desk.phone(ann)
    path = f"{ACME}/devices/{ann}/PHONE1/wipe"
    wishes = (client.post(path, json={"kind": "account"}, headers=KEY, timeout=60) for _ in range(10))
    answers = await asyncio.gather(*wishes)
    done = [answer for answer in answers if answer.status_code == 202]
    assert {answer.status_code for answer in answers} <= {202, 409}
    assert len({answer.json()["order"]["id"] for answer in done}) == 1
    assert len({answer.content for answer in done}) == 1
    for answer in answers:
        assert answer.status_code == 202 or answer.headers["retry-after"]


async def test_keys_of_others_are_other_keys(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await client.post(USERS, json=BOB, headers=KEY)
    other = Authority("other", appointments=MACHINE, confirmed=True)
    monkeypatch.setattr(principals, "BOOTSTRAP", other)
    answer = await client.post(f"{ACME}/groups", json={"name": "staff"}, headers=KEY)
    assert answer.status_code == 201
    assert answer.json()["name"] == "staff"


async def test_who_may_no_longer_do_it_is_not_answered(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await client.post(USERS, json=BOB, headers=KEY)
    rest = frozenset(Permission) - {Permission.USER_WRITE}
    monkeypatch.setattr(principals, "BOOTSTRAP", Authority("bootstrap", appointments=MACHINE, limits=rest))
    assert (await client.post(USERS, json=BOB, headers=KEY)).status_code == 403


async def test_a_secret_that_is_shown_once_is_kept_nowhere(
    client: httpx.AsyncClient, desk: Desk, ann: str
) -> None:
    path = f"{USERS}/{ann}/profile-link"
    first = await client.post(path, json={}, headers=KEY)
    assert first.status_code == 201
    again = await client.post(path, json={}, headers=KEY)
    assert again.status_code == 409
    assert "shown once" in again.json()["detail"]
    secret = first.json()["url"].rpartition("/")[2].encode()
    for file in desk.path.parent.rglob("usher.db*"):
        assert secret not in file.read_bytes()


def test_every_route_that_shows_a_secret_says_so() -> None:
    shown = 0
    for route in (route for router in ROUTERS for route in router.routes):
        fields = set(getattr(getattr(route, "response_model", None), "model_fields", {}))
        if fields & SECRETS and getattr(route, "methods", set()) & {"POST", "PUT", "PATCH"}:
            extra = getattr(route, "openapi_extra", None) or {}
            assert extra.items() >= SHOWN_ONCE.items(), (route, fields & SECRETS)
            shown += 1
    link = Signposts(ROUTERS, PREFIX).route("POST", f"{USERS}/x/profile-link")
    assert link is not None and (link.openapi_extra or {}).items() >= SHOWN_ONCE.items()
    assert shown >= 2


@pytest.mark.parametrize("key", ["", "a b", "x" * 129, "k\x7f", "é"])
async def test_what_is_no_key(client: httpx.AsyncClient, key: str) -> None:
    answer = await client.post(USERS, json=BOB, headers={"Idempotency-Key": key.encode()})
    assert answer.status_code == 400, key
    assert answer.json()["errors"][0]["field"] == "Idempotency-Key"


async def test_two_keys(client: httpx.AsyncClient) -> None:
    headers = [("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    assert (await client.post(USERS, json=BOB, headers=headers)).status_code == 400


async def test_a_body_that_is_too_large(client: httpx.AsyncClient) -> None:
    async def endless() -> Any:
        for _ in range(20):
            yield b"x" * 100_000

    answer = await client.post(USERS, content=endless(), headers=KEY)
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_key_and_a_condition(client: httpx.AsyncClient, ann: str) -> None:
    path = f"{USERS}/{ann}"
    seen = (await client.get(path)).headers["etag"]
    for _ in range(2):
        answer = await client.patch(path, json={"first_name": "A"}, headers=KEY | {"If-Match": seen})
        assert answer.status_code == 200
    assert json.loads(answer.content)["first_name"] == "A"
    late = await client.patch(path, json={"first_name": "A"}, headers=KEY | {"If-Match": "*"})
    assert late.status_code == 409

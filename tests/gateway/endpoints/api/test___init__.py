"""The API as a whole: permissions, problem documents, description (product 7.3, 10; T25)."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from gateway.endpoints.api import PREFIX, ROUTERS, create_api
from gateway.endpoints.api.calls import Needs
from gateway.records.authority import MACHINE, Authority, Permission
from tests.support.desk import Desk

WRITES = {"POST", "PUT", "PATCH", "DELETE"}
ONLY_LOOKS = {"rehearse", "rehearse_default", "verify"}
KNOWN = {"organisation": "acme", "domain": "acme.example", "user": "ann", "device_id": "X"}


def routes() -> Iterator[APIRoute]:
    for router in ROUTERS:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            yield route


def permissions(route: APIRoute) -> list[Permission]:
    asked = (dependency.call for dependency in route.dependant.dependencies)
    return [call.permission for call in asked if isinstance(call, Needs)]


def test_every_route_declares_exactly_one_permission() -> None:
    assert sum(1 for _ in routes()) >= 27
    for route in routes():
        assert len(permissions(route)) == 1, route.path


def test_a_route_that_changes_something_needs_more_than_reading() -> None:
    for route in routes():
        (permission,) = permissions(route)
        writes = bool(route.methods & WRITES) and route.name not in ONLY_LOOKS
        if permission not in (Permission.SELF, Permission.DEVICE_TRACE):  # what was traced is for tracers
            assert permission.value.endswith(":read") is not writes, route.path


def test_nothing_is_served_but_what_was_listed(desk: Desk) -> None:
    served = {route.path for route in create_api(desk.services).routes if isinstance(route, APIRoute)}
    assert served <= {PREFIX + route.path for route in routes()}


async def test_no_route_is_reached_without_its_permission(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Role by route (T25): with every permission but the route's own, each one answers 403."""
    from gateway.endpoints import principals

    for route in routes():
        (permission,) = permissions(route)
        rest = frozenset(Permission) - {permission}
        weaker = Authority("intern", appointments=MACHINE, limits=rest, confirmed=True)
        monkeypatch.setattr(principals, "BOOTSTRAP", weaker)
        names = dict.fromkeys(route.param_convertors, "x@acme.example") | KNOWN
        path = PREFIX + route.path.format_map(names)
        for method in route.methods:
            answer = await client.request(method, path, json={} if method in WRITES - {"DELETE"} else None)
            assert answer.status_code in (400, 403), (method, path)
            if answer.status_code == 403:
                assert answer.json()["detail"] == f"This needs the permission {permission.value}."


async def test_the_description_is_openapi_3_1(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/openapi.json")
    described = answer.json()
    assert described["openapi"].startswith("3.1.")
    assert described["security"] == [{"token": []}]
    assert "/api/v1/organisations/{organisation}/devices/{user}/{device_id}/wipe" in described["paths"]


@pytest.mark.parametrize("word", ["policy_key", "proof_key", "temporary_key", "password_hash", "digest"])
async def test_no_secret_is_part_of_any_answer(client: httpx.AsyncClient, word: str) -> None:
    described = (await client.get("/api/v1/openapi.json")).json()
    # That of a policy is no secret: it tells which version a device has.
    assert word not in json.dumps(described).replace("policy_digest", "")


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/api/v1/docs", "/api/v1/redoc", "/openapi.json", "/"])
async def test_there_is_no_page_that_loads_from_elsewhere(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    led = answer.headers.get("location", "")
    assert answer.status_code == 404 or (answer.status_code, led[:2]) == (303, "/c"), "the console's own"


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["status"] == status
    return document


async def test_every_wrong_field_is_named_at_once(client: httpx.AsyncClient) -> None:
    body = {
        "alias": "A B",
        "stat": "Active",
        "state": "x",
        "device_limit": 0,
        "legacy_versions": "yes",
        "name": "",
    }
    document = problem(await client.post("/api/v1/organisations", json=body), 400)
    assert {error["field"] for error in document["errors"]} == set(body)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff", b"[" * 100_000])
async def test_a_body_that_is_no_object(client: httpx.AsyncClient, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    problem(await client.post("/api/v1/organisations", content=body, headers=headers), 400)


async def test_a_body_of_another_type(client: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "text/plain"}
    answer = await client.post("/api/v1/organisations", content=b'{"alias": "x"}', headers=headers)
    problem(answer, 400)


async def test_a_lone_surrogate_is_a_fault_and_no_accident(client: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "application/json"}
    body = b'{"alias": "x", "name": "\\ud800"}'
    answer = await client.post("/api/v1/organisations", content=body, headers=headers)
    assert problem(answer, 400)["errors"] == [{"field": "name", "fault": "This is no valid Unicode."}]


async def test_a_wrong_method_says_which_are_right(client: httpx.AsyncClient) -> None:
    answer = await client.put("/api/v1/organisations", json={})
    problem(answer, 405)
    assert set(answer.headers["allow"].split(", ")) & {"GET", "POST"}


async def test_an_unknown_part_of_a_query(client: httpx.AsyncClient) -> None:
    document = problem(await client.get("/api/v1/organisations/acme/devices?stat=x&limit=0&cursor=!"), 400)
    assert {error["field"] for error in document["errors"]} == {"stat", "limit"}

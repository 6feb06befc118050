"""The description names every route that is served (product 7.3)."""

import re
from pathlib import Path

import httpx

from gateway.cli.audit import audit
from gateway.cli.device import device
from gateway.cli.domain import domain
from gateway.cli.org import org
from gateway.cli.policy import policy
from gateway.cli.user import user
from gateway.endpoints.api import PREFIX, ROUTERS


async def test_every_route_is_described(client: httpx.AsyncClient) -> None:
    described = (await client.get("/api/v1/openapi.json")).json()["paths"]
    served = {PREFIX + route.path for router in ROUTERS for route in router.routes}  # type: ignore[attr-defined]
    assert served - set(described) == {"/api/v1/openapi.json"}
    assert all("description" in operation for path in described.values() for operation in path.values())


async def test_it_is_read_with_the_token_only(client: httpx.AsyncClient) -> None:
    del client.headers["Authorization"]
    assert (await client.get("/api/v1/openapi.json")).status_code == 401


async def test_errors_are_described_as_they_are(client: httpx.AsyncClient) -> None:
    described = (await client.get("/api/v1/openapi.json")).json()["paths"]
    for operation in (operation for path in described.values() for operation in path.values()):
        assert "422" not in operation["responses"]
        assert "application/problem+json" in operation["responses"]["default"]["content"]


def test_every_route_and_command_stands_in_the_documentation() -> None:
    page = (Path(__file__).parents[4] / "docs" / "administration.md").read_text()
    for route in (route for router in ROUTERS for route in router.routes):
        assert f"`{route.path}`" in page  # type: ignore[attr-defined]
    for group in (org, domain, user, policy, device, audit):
        assert f"usher {group.name} " in page
        for name in group.commands:
            assert re.search(rf"[` ]{name}\b", page), f"{group.name} {name}"

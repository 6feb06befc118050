"""An administrator's desk with one organisation on it, and a client of its admin listener."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from gateway.services.tenants import Settings
from tests.support.desk import Desk, browser, furnish
from tests.support.world import ADMIN, PASSWORD

ACME = "/api/v1/organisations/acme"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = furnish(tmp_path)
    made = desk.services
    for alias in ("acme", "globex"):
        made.tenants.create_organisation(ADMIN, alias, Settings())
        made.tenants.add_domain(ADMIN, alias, f"{alias}.example")
    yield desk
    made.store.close()


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    async with browser(desk.config) as client:
        yield client


@pytest.fixture
def ann(desk: Desk) -> str:
    desk.services.users.create(ADMIN, "acme", "ann@acme.example", password=PASSWORD)
    return "ann@acme.example"


@pytest.fixture
def eve(desk: Desk) -> str:
    """A user of the other organisation."""
    desk.services.users.create(ADMIN, "globex", "eve@globex.example", password=PASSWORD)
    return "eve@globex.example"

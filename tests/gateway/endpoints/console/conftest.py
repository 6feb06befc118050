"""An administrator at the console of a furnished desk, in process."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import httpx
import pytest

from gateway.endpoints.api.calls import ADMINISTRATOR
from gateway.endpoints.console import create_console
from gateway.endpoints.console.asking import CSRF
from gateway.endpoints.middleware import Receive, Scope, Send
from gateway.records.authority import MACHINE, Authority
from gateway.services.tenants import Settings
from mdm.device import Device
from tests.support.desk import Desk, furnish
from tests.support.world import ADMIN, PASSWORD

TOKEN = "what the forms of this session carry"
OWNER = Authority("olga", "p-olga", MACHINE, confirmed=True)
Sitting = Callable[[Authority], AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = furnish(tmp_path)
    made = desk.services
    for alias in ("acme", "globex"):
        made.tenants.create_organisation(ADMIN, alias, Settings(name=alias.title()))
        made.tenants.add_domain(ADMIN, alias, f"{alias}.example")
        made.users.create(ADMIN, alias, f"ann@{alias}.example", password=PASSWORD)
    yield desk
    made.store.close()


@pytest.fixture
def phone(desk: Desk) -> Device:
    return desk.phone("ann@acme.example")


@pytest.fixture
def place(phone: Device) -> str:
    """The phone's page."""
    return f"/console/o/acme/devices/{phone.key.user}/{phone.key.device_id}"


@pytest.fixture
def sitting(desk: Desk) -> Sitting:
    """Opens the console for somebody who is signed in already."""
    console = create_console(desk.services)

    @asynccontextmanager
    async def opened(who: Authority) -> AsyncIterator[httpx.AsyncClient]:
        async def gate(scope: Scope, receive: Receive, send: Send) -> None:
            scope[ADMINISTRATOR], scope[CSRF] = who, TOKEN
            await console(scope, receive, send)

        transport = httpx.ASGITransport(gate, raise_app_exceptions=True)
        headers = {"X-CSRF-Token": TOKEN}
        async with httpx.AsyncClient(
            transport=transport, base_url="https://localhost", headers=headers
        ) as client:
            yield client

    return opened


@pytest.fixture
async def browser(sitting: Sitting) -> AsyncIterator[httpx.AsyncClient]:
    async with sitting(OWNER) as client:
        yield client

"""Of many changes made on sight of one state exactly one happens, on every database and from two processes'
applications at once (product 7.3; RFC 9110 13.1.1)."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest

from gateway.services.tenants import Settings
from tests.support.desk import Desk, browser, furnish
from tests.support.world import ADMIN, PASSWORD

ANN = "/api/v1/organisations/acme/users/ann@acme.example"
AT_ONCE = 12
WRITERS = 6


@pytest.fixture
def desk(tmp_path: Path, store_url: str) -> Iterator[Desk]:
    desk = furnish(tmp_path, store_url)
    made = desk.services
    made.tenants.create_organisation(ADMIN, "acme", Settings())
    made.tenants.add_domain(ADMIN, "acme", "acme.example")
    made.users.create(ADMIN, "acme", "ann@acme.example", password=PASSWORD)
    yield desk
    made.store.close()


@pytest.fixture
async def clients(desk: Desk) -> AsyncIterator[tuple[httpx.AsyncClient, ...]]:
    """Of two applications, which share nothing but the database."""
    async with AsyncExitStack() as stack:
        yield tuple([await stack.enter_async_context(browser(desk.config)) for _ in range(2)])


async def test_one_of_many_wins(clients: tuple[httpx.AsyncClient, ...]) -> None:
    for attempt in range(3):
        seen = (await clients[0].get(ANN)).headers["etag"]

        async def change(number: int, seen: str = seen, attempt: int = attempt) -> httpx.Response:
            body = {"display_name": f"Ann {attempt}.{number}"}
            return await clients[number % 2].patch(ANN, json=body, headers={"If-Match": seen}, timeout=60)

        answers = await asyncio.gather(*(change(number) for number in range(AT_ONCE)))
        won = [answer for answer in answers if answer.status_code == 200]
        assert sorted(answer.status_code for answer in answers) == [200] + [412] * (AT_ONCE - 1)
        assert (await clients[0].get(ANN)).json()["display_name"] == won[0].json()["display_name"]


async def test_no_update_is_lost(clients: tuple[httpx.AsyncClient, ...]) -> None:
    """Each adds an alias to the list that it has read: without the condition the last one would win."""

    async def add(number: int) -> None:
        client = clients[number % 2]
        while True:
            present = await client.get(ANN, timeout=60)
            body = {"aliases": [*present.json()["aliases"], f"ann{number}@acme.example"]}
            headers = {"If-Match": present.headers["etag"]}
            answer = await client.patch(ANN, json=body, headers=headers, timeout=60)
            if answer.status_code == 200:
                return
            assert answer.status_code == 412, answer.text

    await asyncio.gather(*(add(number) for number in range(WRITERS)))
    aliases = (await clients[0].get(ANN)).json()["aliases"]
    assert sorted(aliases) == [f"ann{number}@acme.example" for number in range(WRITERS)]


async def test_conditional_writes_among_others_starve_nobody(clients: tuple[httpx.AsyncClient, ...]) -> None:
    """More writers than threads; half of them read while they have the writers' lock."""

    async def write(number: int) -> int:
        headers = {"If-Match": "*"} if number % 2 else {}
        body = {"first_name": f"Ann{number}"}
        return (await clients[0].patch(ANN, json=body, headers=headers, timeout=60)).status_code

    assert set(await asyncio.gather(*(write(number) for number in range(40)))) == {200}

"""The console (issue 6): first paint of the device list with 100,000 devices, size of the assets, and the
server's time for pages with 10,000 devices.

Paint is what Chromium says of itself, with everything fetched anew over TLS from a gateway as it is deployed.
Server time is that of the whole application of the admin listener: session, permission, database, template.
"""

import asyncio
import gzip
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from sqlalchemy import delete

from bench.device_list import fill
from bench.figures import Figure, report
from gateway.endpoints.console import PREFIX
from gateway.endpoints.console.gate import COOKIE
from gateway.services.groups import GroupChanges
from gateway.store import DatabaseStore
from gateway.store.tables import organisations
from tests.browser.conftest import opened
from tests.support.accounts import arrived
from tests.support.console_pages import PAGES
from tests.support.desk import Desk, browser, furnish
from tests.support.stores import ACME
from tests.support.world import ADMIN

MANY, SOME = 100_000, 10_000
ROUNDS = 5
P95 = 0.95
STATIC = Path("gateway/endpoints/console/static")
PAINT = "performance.getEntriesByName('first-contentful-paint')[0]"


def main() -> int:
    figures = (
        Figure("console_first_paint_ms", first_paint(), "ms", 1500),
        Figure("console_assets_kib", assets(), "KiB", 150),
        Figure("console_page_p95_sqlite_ms", asyncio.run(pages()), "ms", 100),
    )
    return report(figures)


def assets() -> float:
    """KiB of all that any page may load, compressed."""
    return sum(len(gzip.compress(each.read_bytes(), 6)) for each in STATIC.iterdir()) / 1024


def first_paint() -> float:
    """Milliseconds from the request to the first content, the median of a few fresh visits."""
    taken = []
    with opened() as console:
        filled(console.gateway.made.store, MANY)
        for _ in range(ROUNDS):
            with console.olga() as page:
                page.goto(f"{PREFIX}/o/{ACME.alias}/devices")
                page.get_by_role("row").nth(10).wait_for()
                shown = page.wait_for_function(PAINT)
                taken.append(float(shown.evaluate("entry => entry.startTime")))
    print(f"paints: {', '.join(f'{each:.0f}' for each in taken)} ms", file=sys.stderr)
    return sorted(taken)[len(taken) // 2]


async def pages() -> float:
    """The 95th percentile over all pages, each asked a few times."""
    with tempfile.TemporaryDirectory(prefix="usher-bench-") as folder:
        desk = furnish(Path(folder))
        filled(desk.services.store, SOME)
        places = things(desk)
        async with visitor(desk) as client:
            for path in PAGES:  # templates are read, connections are there
                await timed(client, path, places)
            taken = [await timed(client, path, places) for _ in range(ROUNDS) for path in PAGES]
        desk.services.store.close()
    taken.sort()
    print(f"{len(PAGES)} pages, median {taken[len(taken) // 2][0]:.0f} ms, the slowest:", file=sys.stderr)
    for milliseconds, path in taken[-ROUNDS * 4 :: ROUNDS]:
        print(f"  {milliseconds:.0f} ms {path}", file=sys.stderr)
    return taken[int(len(taken) * P95)][0]


def filled(store: DatabaseStore, devices: int) -> None:
    """The fleet of ``bench.device_list``, in a store that may have an organisation of that alias already."""
    began = time.perf_counter()
    with store._engine.begin() as connection:
        connection.execute(delete(organisations).where(organisations.c.id == ACME.id))
    fill(store, devices)
    print(f"{devices} rows in {time.perf_counter() - began:.0f} s", file=sys.stderr)


def things(desk: Desk) -> dict[str, str]:
    """What the addresses of the pages name."""
    made = desk.services
    made.tenants.add_domain(ADMIN, ACME.alias, "bench.test")
    device = made.devices.list(organisation=ACME.id, limit=1)[0]
    group = made.groups.create(ADMIN, ACME.alias, "staff", GroupChanges())
    made.policies.set_policy(ADMIN, ACME.alias, {"settings": {"DevicePasswordEnabled": True}})
    return {
        "organisation": ACME.alias,
        "user": device.key.user,
        "device_id": device.key.device_id,
        "group": group.id,
        "domain": "bench.test",
        "policy": "default",
        "administrator": "olga",
    }


@asynccontextmanager
async def visitor(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    """An owner who is signed in."""
    async with browser(desk.config) as client:
        session = (await arrived(client, desk, "olga")).secret
        client.headers["Cookie"] = f"{COOKIE}={session}"
        del client.headers["Authorization"]
        yield client


async def timed(client: httpx.AsyncClient, path: str, places: dict[str, str]) -> tuple[float, str]:
    """Milliseconds of a page; one that names a thing which is not there answers so."""
    began = time.perf_counter()
    answer = await client.get(PREFIX + path.format_map(_Named(places)))
    taken = (time.perf_counter() - began) * 1000
    assert answer.status_code in (200, 404), (path, answer.status_code, answer.text)
    return taken, path


class _Named(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "x-none"


if __name__ == "__main__":
    sys.exit(main())

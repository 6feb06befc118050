"""The console (issue 6): first paint of the device list with 100,000 devices, size of the assets, and the
server's time for each page with 10,000 devices.

Paint is what Chromium says of itself, with everything fetched anew over TLS from a gateway as it is deployed.
Server time is that of the whole application of the admin listener in this process: session, permission,
database, template, and about a millisecond of the client that asks. Every page is there (``bench.estate``).
They are asked in turns, so that what else runs on the machine hits all alike, and the figure is that of the
slowest page, not a percentile among quick ones. Processor time, which counts all threads and no waiting,
tells the page from the machine.
"""

import asyncio
import gzip
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
from sqlalchemy import delete

from bench.device_list import BATCH, fill
from bench.estate import furnished
from bench.figures import Figure, report
from gateway.endpoints.console import PREFIX
from gateway.endpoints.console.gate import COOKIE
from gateway.store import DatabaseStore
from gateway.store.tables import organisations
from tests.browser.conftest import opened
from tests.support.accounts import Visitor
from tests.support.console_pages import PAGES
from tests.support.desk import Desk, browser, furnish
from tests.support.stores import ACME

MANY = 100_000
SOME = 10_000 + BATCH
"""Ten thousand of the organisation that is looked at; the first batch is another one's."""

VISITS, ROUNDS = 5, 21
P95 = 0.95
STATIC = Path("gateway/endpoints/console/static")
PAINT = "performance.getEntriesByName('first-contentful-paint')[0]"


class Taken(NamedTuple):
    """What a page took, milliseconds by the clock on the wall and of the processor."""

    wall: float
    cpu: float


def main() -> int:
    slowest = asyncio.run(pages())
    figures = (
        Figure("console_first_paint_ms", first_paint(), "ms", 1500),
        Figure("console_assets_kib", assets(), "KiB", 150),
        Figure("console_slowest_page_p95_sqlite_ms", slowest.wall, "ms", 100),
        Figure("console_slowest_page_p95_cpu_ms", slowest.cpu, "ms", 100),
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
        for _ in range(VISITS):
            with console.olga() as page:
                page.goto(f"{PREFIX}/o/{ACME.alias}/devices")
                page.get_by_role("row").nth(10).wait_for()
                shown = page.wait_for_function(PAINT)
                taken.append(float(shown.evaluate("entry => entry.startTime")))
    print(f"paints: {', '.join(f'{each:.0f}' for each in taken)} ms", file=sys.stderr)
    return sorted(taken)[len(taken) // 2]


def filled(store: DatabaseStore, devices: int) -> None:
    """The fleet of ``bench.device_list``, in a store that may have an organisation of that alias already."""
    began = time.perf_counter()
    with store._engine.begin() as connection:
        connection.execute(delete(organisations).where(organisations.c.id == ACME.id))
    fill(store, devices)
    print(f"{devices} rows in {time.perf_counter() - began:.0f} s", file=sys.stderr)


async def pages() -> Taken:
    """The highest 95th percentiles that a page has, which need not be one page's."""
    with tempfile.TemporaryDirectory(prefix="usher-bench-") as folder:
        desk = furnish(Path(folder))
        places = furnished(desk, SOME)
        async with visitor(desk) as client:
            for path in PAGES:  # templates are read, connections are there
                await timed(client, path.format(**places))
            rounds = [
                {path: await timed(client, path.format(**places)) for path in PAGES} for _ in range(ROUNDS)
            ]
        desk.services.store.close()
    each = {path: percentiles([taken[path] for taken in rounds]) for path in PAGES}
    tell(each)
    return Taken(max(taken.wall for taken in each.values()), max(taken.cpu for taken in each.values()))


def percentiles(taken: Sequence[Taken]) -> Taken:
    """The 95th of each."""
    place = int(len(taken) * P95)
    return Taken(sorted(one.wall for one in taken)[place], sorted(one.cpu for one in taken)[place])


def tell(each: Mapping[str, Taken]) -> None:
    """Every page with its percentiles, the slowest last, and how busy the machine is."""
    print(f"{len(each)} pages, {ROUNDS} times each, load {os.getloadavg()[0]:.1f}; p95:", file=sys.stderr)
    for path, taken in sorted(each.items(), key=lambda entry: entry[1].cpu):
        print(f"  {taken.cpu:6.1f} ms CPU {taken.wall:6.1f} ms wall  {path}", file=sys.stderr)
    for name, clock in (("the processor", 1), ("the wall", 0)):
        worst = max(each, key=lambda path: each[path][clock])
        print(f"slowest by {name}: {worst}", file=sys.stderr)


@asynccontextmanager
async def visitor(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    """The estate's owner, signed in."""
    async with browser(desk.config) as client:
        olga = Visitor(client, "olga")
        await olga.enrol()
        client.headers["Cookie"] = f"{COOKIE}={olga.secret}"
        del client.headers["Authorization"]
        yield client


async def timed(client: httpx.AsyncClient, path: str) -> Taken:
    """What a page took."""
    worked, began = time.process_time(), time.perf_counter()
    answer = await client.get(PREFIX + path)
    taken = Taken((time.perf_counter() - began) * 1000, (time.process_time() - worked) * 1000)
    assert answer.status_code == 200, (path, answer.status_code, answer.text)
    return taken


if __name__ == "__main__":
    sys.exit(main())

"""The device list of 100,000 devices through the REST API: any filter and sort, first page (issue 5).

The questions of ``bench.device_list``, asked of the whole application of the admin listener: token, budgets,
routing, the query read and checked, rows made into devices and devices into JSON, read again by who asked.
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path

import httpx

from bench.device_list import P95, fill, questions, settle
from bench.figures import Figure, report
from gateway.services.inventory import Question
from gateway.store import open_store
from tests.support.desk import browser, furnish
from tests.support.postgres import shared_cluster

DEVICES = 100_000
LIMIT = 100


def main() -> int:
    figures = (
        Figure("device_list_api_p95_postgresql_ms", measured(shared_cluster().fresh_database()), "ms", 150),
        Figure("device_list_api_p95_sqlite_ms", measured(""), "ms", 300),
    )
    return report(figures)


def measured(url: str) -> float:
    """The 95th percentile over all questions; ``url`` empty for SQLite."""
    with tempfile.TemporaryDirectory(prefix="usher-bench-") as folder:
        desk = furnish(Path(folder), url)
        desk.services.store.close()
        store = open_store(desk.config.store_url)
        began = time.perf_counter()
        fill(store, DEVICES)
        settle(store)
        store.close()
        print(f"{DEVICES} rows in {time.perf_counter() - began:.0f} s", file=sys.stderr)

        async def ask() -> list[tuple[float, str]]:
            async with browser(desk.config) as client:
                await timed(client, next(iter(questions())))  # the connections are there
                return sorted([await timed(client, question) for question in questions()])

        taken = asyncio.run(ask())
    slowest, question = taken[-1]
    median = taken[len(taken) // 2][0]
    print(
        f"{len(taken)} questions, median {median:.0f} ms, slowest {slowest:.0f} ms: {question}",
        file=sys.stderr,
    )
    return taken[int(len(taken) * P95)][0]


async def timed(client: httpx.AsyncClient, question: Question) -> tuple[float, str]:
    """Milliseconds of a question, and what it was."""
    asked = {**(question.fields or {}), "search": question.search, "sort": question.sort, "limit": str(LIMIT)}
    given = {name: value for name, value in asked.items() if value}
    began = time.perf_counter()
    answer = await client.get(f"/api/v1/organisations/{question.organisation}/devices", params=given)
    shown = answer.json()["items"]
    taken = (time.perf_counter() - began) * 1000
    assert answer.status_code == 200, answer.text
    return taken, f"{given}: {len(shown)} shown"


if __name__ == "__main__":
    sys.exit(main())

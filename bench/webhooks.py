"""From the commit of an event to its arrival at a webhook's receiver, on an idle system (issue 5, numbers).

The administration's application runs as it is deployed, on SQLite and on PostgreSQL; what happens is written
by a store of its own, as another process would do it, so that the change feed is part of what is measured. A
pause before each event lets everything fall asleep.
"""

import asyncio
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from bench.figures import Figure, report
from gateway import app
from gateway.config import Config
from gateway.records import Actor, AuditTag
from gateway.services.users import Users
from gateway.services.webhooks import WebhookChanges
from tests.support.desk import furnish
from tests.support.postgres import shared_cluster
from tests.support.receivers import TAKES, Received, Receiver, receiver

EVENTS = 60
P95 = 0.95
TARGET_MS = 500
PATIENCE_S = 10.0
ADMIN = Actor("admin", "bench")
SEED = 5


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="usher-bench-") as folder:
        config = furnish(Path(folder)).config
        postgres = replace(config, store=replace(config.store, url=shared_cluster().fresh_database()))
        figures = (
            Figure(f"webhook_p95_{name}_ms", asyncio.run(_measured(each)), "ms", TARGET_MS)
            for name, each in (("sqlite", config), ("postgresql", postgres))
        )
        return report(figures)


async def _measured(config: Config) -> float:
    draw, taken = random.Random(SEED), []
    async with receiver() as there, _running(config), asyncio.timeout(600):
        made = app.services(config)
        made.tenants.create_organisation(ADMIN, "bench")
        made.tenants.add_domain(ADMIN, "bench", "bench.test")
        changes = WebhookChanges(there.url, types=(AuditTag.USER_CREATED,), allow_private=True)
        made.webhooks.create(ADMIN, "", changes, everywhere=True)
        for number in range(EVENTS):
            await asyncio.sleep(draw.uniform(0.5, 1.5))
            taken.append(await _arrival(made.users, number, there))
        made.store.close()
    taken.sort()
    print(f"{EVENTS} events, median {taken[EVENTS // 2]:.0f} ms, slowest {taken[-1]:.0f} ms", file=sys.stderr)
    return taken[int(EVENTS * P95)]


async def _arrival(users: Users, number: int, there: Receiver) -> float:
    arrived: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    async def note(received: Received, writer: asyncio.StreamWriter) -> None:
        if not arrived.done():
            arrived.set_result(time.perf_counter())
        await TAKES(received, writer)

    there.behaviour = note
    address = f"user{number}@bench.test"
    await asyncio.to_thread(users.create, ADMIN, "bench", address, password="Correct-Horse-1")
    committed = time.perf_counter()
    async with asyncio.timeout(PATIENCE_S):
        return max(0.0, (await arrived - committed) * 1000)


@asynccontextmanager
async def _running(config: Config) -> AsyncIterator[None]:
    application = app.admin(config)
    await application.start()
    try:
        yield
    finally:
        await application.drain()
        await application.close()


if __name__ == "__main__":
    sys.exit(main())

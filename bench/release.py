"""How long a parked Ping outlives the order to wipe its device: four workers, 5,000 parked.

The orders are given one after another by another process, through the service that API and CLI use. The time
runs from the commit to the moment at which the phone has read the answer, on the clock that both share.
"""

import asyncio
import json
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import uvloop

from bench.figures import Figure, report
from bench.fleet import ORGANISATION, Phone, key_of, phones
from bench.gateway import Place, backend, gateway
from bench.parking import leave, park
from bench.processes import LOAD, here
from gateway.app import services
from gateway.config import load
from gateway.records import Actor
from mdm.device import WipeKind

PARKED = 5000
ORDERS = 200
WAIT_S = 10.0
"""A Ping that is not released by then counts as this."""


def order(config: Path, numbers: list[int]) -> None:
    """Give the orders; prints the number of each phone and when its order was durable."""
    made = services(load(config, {}))
    organisation = made.tenants.organisation(ORGANISATION).id
    for number in numbers:
        made.devices.require_wipe(
            Actor("admin", "bench"), key_of(Phone(number), organisation), WipeKind.DEVICE, "lost"
        )
        print(json.dumps([number, time.monotonic()]), flush=True)
    made.store.close()


async def _delays(where: Place, fleet: list[Phone]) -> list[float]:
    lines = await park(where.plain, fleet)
    chosen = {phone.number: lines[phone.number].answer() for phone in fleet[:: PARKED // ORDERS]}
    ordered = await _orders(where.config, list(chosen))
    await asyncio.wait(chosen.values(), timeout=WAIT_S)
    disturbed = sum(line.answers - (number in chosen) != 1 for number, line in enumerate(lines))
    delays = [lines[number].at - at if chosen[number].done() else WAIT_S for number, at in ordered.items()]
    leave(lines)
    if disturbed and WAIT_S not in delays:
        raise RuntimeError(f"{disturbed} Pings were released that nobody ordered to wipe")
    return delays


async def _orders(config: Path, chosen: list[int]) -> dict[int, float]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.release", str(config)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate(json.dumps(chosen).encode())
    return dict(map(json.loads, output.splitlines()))


def figures() -> Iterator[Figure]:
    """The 99th percentile; the median goes to standard error."""
    here(LOAD)
    fleet = phones(PARKED)
    with backend() as mail, gateway(mail, fleet, workers=4) as served:
        delays = uvloop.run(_delays(served.place, fleet))
    print(f"median of {len(delays)} releases: {statistics.median(delays) * 1000:.0f} ms", file=sys.stderr)
    yield Figure("wipe_release_p99", statistics.quantiles(delays, n=100)[98], "s", 1.0)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        order(Path(sys.argv[1]), json.load(sys.stdin))
    else:
        sys.exit(report(figures()))

"""Memory of a parked Ping: growth of the whole gateway's PSS at 8,000 of them, plain and behind TLS.

Everything that the first request of a device leaves behind counts too: its snapshot, its credential, its
query. Two workers, because a process here may open 20,000 files and a Ping needs two.
"""

import asyncio
import ssl
import sys
from collections.abc import Iterator

import uvloop

from bench.figures import Figure, report
from bench.fleet import Phone, phones
from bench.gateway import Gateway, backend, gateway
from bench.parking import leave, park
from bench.processes import LOAD, here, pss_kib

PARKED = 8000
FIRST = 64
"""Phones that come and go before, so that what is made once for all is there."""


async def _growth(served: Gateway, port: int, fleet: list[Phone], context: ssl.SSLContext | None) -> float:
    """KiB for each Ping."""
    leave(await park(port, fleet[:FIRST], context))
    await asyncio.sleep(1)
    before = pss_kib(served.processes)
    lines = await park(port, fleet[FIRST:], context)
    after = pss_kib(served.processes)
    ended = sum(not line.open or line.answers != 1 for line in lines)
    leave(lines)
    if ended:
        raise RuntimeError(f"{ended} Pings did not stay")
    return (after - before) / len(lines)


def _measure(mail: int, *, tls: bool) -> float:
    fleet = phones(PARKED + FIRST)
    with gateway(mail, fleet, workers=2) as served:
        where = served.place
        context = ssl.create_default_context(cafile=str(where.authority)) if tls else None
        return uvloop.run(_growth(served, where.tls if tls else where.plain, fleet, context))


def figures() -> Iterator[Figure]:
    """Both."""
    here(LOAD)
    with backend() as mail:
        yield Figure("parked_ping_memory_plain", _measure(mail, tls=False), "KiB", 48)
        yield Figure("parked_ping_memory_tls", _measure(mail, tls=True), "KiB", 70)


if __name__ == "__main__":
    sys.exit(report(figures()))

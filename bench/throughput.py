"""Short requests a second while 5,000 Pings are parked, against none parked.

Two gateways side by side on one core, one with the Pings and one without; they are driven in turns and the
ratio is the median over the rounds. The devices that ask are others than those that hang.
"""

import contextlib
import itertools
import statistics
import sys
from collections.abc import Iterator, Sequence

import uvloop

from bench.client import Drive, connect_all
from bench.figures import Figure, report
from bench.fleet import Phone, phones, sync_body
from bench.gateway import backend, gateway
from bench.parking import leave, park
from bench.processes import LOAD, here

PARKED = 5000
ASKING = 1000
CONNECTIONS = 32
ROUNDS = 9
TURN = 2000


async def _ratio(busy: int, free: int, asking: Sequence[Phone], parked: Sequence[Phone]) -> float:
    requests = itertools.cycle([phone.request("Sync", sync_body()) for phone in asking])
    lines = await park(busy, parked)
    for port in (busy, free):
        await _rate(port, requests, ASKING)
    ratios = [await _rate(busy, requests) / await _rate(free, requests) for _ in range(ROUNDS)]
    leave(lines)
    return statistics.median(ratios)


async def _rate(port: int, requests: Iterator[bytes], count: int = TURN) -> float:
    lines = await connect_all(port, CONNECTIONS)
    seconds = await Drive(lines, requests, count).run()
    leave(lines)
    return count / seconds


def figures() -> Iterator[Figure]:
    """The ratio."""
    here(LOAD)
    fleet = phones(ASKING + PARKED)
    with contextlib.ExitStack() as stack:
        mail = stack.enter_context(backend())
        busy, free = (stack.enter_context(gateway(mail, fleet, workers=1)) for _ in range(2))
        ratio = uvloop.run(_ratio(busy.place.plain, free.place.plain, fleet[:ASKING], fleet[ASKING:]))
    yield Figure("short_requests_while_parked", ratio, "ratio", 0.8, at_least=True)


if __name__ == "__main__":
    sys.exit(report(figures()))

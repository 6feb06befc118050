"""CPU time of one proxied request: the gateway with all checks, a bare pass-through, the obvious build.

All three run at once on one core, idle but for the one whose turn it is; each turn is a fixed number of
requests over 32 connections, in rotation, and the ratios are medians over the rounds. Ten thousand devices
take turns, every one of them known to the gateway already.
"""

import asyncio
import contextlib
import itertools
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import uvloop

from bench.client import Drive, connect_all
from bench.figures import Figure, report
from bench.fleet import phones, sync_body
from bench.gateway import backend, gateway
from bench.processes import LOAD, MEASURED, cpu_seconds, free_ports, here, listening, started
from gateway.worker import WRITE_BEHIND_S

DEVICES = 10_000
CONNECTIONS = 32
ROUNDS = 9
TURN, OBVIOUS_TURN = 5000, 1000
"""Requests in a turn: one to two seconds of CPU time, so that a clock tick is below one percent."""


@dataclass(slots=True)
class Contender:
    """One of those who are measured.

    Attributes:
        marks: its CPU seconds at the beginning of each of its turns and at the very end: what a turn has left
            to be written behind counts too.
    """

    pid: int
    port: int
    turn: int
    marks: list[float] = field(default_factory=list)

    @property
    def costs(self) -> list[float]:
        """CPU seconds per request, one for each round."""
        return [(after - before) / self.turn for before, after in itertools.pairwise(self.marks)]

    def mark(self) -> None:
        self.marks.append(cpu_seconds(self.pid))

    async def take_turn(self, requests: Iterator[bytes]) -> None:
        self.mark()
        await self.serve(requests, self.turn)

    async def serve(self, requests: Iterator[bytes], count: int) -> None:
        lines = await connect_all(self.port, CONNECTIONS)
        await Drive(lines, requests, count).run()
        for line in lines:
            line.close()


@contextlib.contextmanager
def _comparison(module: str, backend_port: int, directory: Path) -> Iterator[tuple[int, int]]:
    (port,) = free_ports(1)
    origin = f"http://127.0.0.1:{backend_port}"
    with started(module, port, origin, core=MEASURED, log=directory / "log") as pid:
        listening(port)
        yield pid, port


async def _rounds(contenders: list[Contender], requests: list[bytes]) -> None:
    turns = itertools.cycle(requests)
    for contender in contenders:
        await contender.serve(turns, max(contender.turn, DEVICES if contender is contenders[0] else 0))
    await asyncio.sleep(WRITE_BEHIND_S + 1)
    for _ in range(ROUNDS):
        for contender in contenders:
            await contender.take_turn(turns)
    await asyncio.sleep(WRITE_BEHIND_S + 1)
    for contender in contenders:
        contender.mark()


def _ratio(ours: Contender, theirs: Contender) -> float:
    return statistics.median(a / b for a, b in zip(ours.costs, theirs.costs, strict=True))


def figures() -> Iterator[Figure]:
    """The two ratios; what a request costs in microseconds goes to standard error."""
    here(LOAD)
    fleet, body = phones(DEVICES), sync_body()
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(TemporaryDirectory()))
        mail = stack.enter_context(backend())
        served = stack.enter_context(gateway(mail, fleet, workers=1))
        plain = stack.enter_context(_comparison("bench.pass_through", mail, directory))
        obvious = stack.enter_context(_comparison("bench.obvious", mail, directory))
        contenders = [
            Contender(served.workers[0], served.place.plain, TURN),
            Contender(*plain, TURN),
            Contender(*obvious, OBVIOUS_TURN),
        ]
        uvloop.run(_rounds(contenders, [phone.request("Sync", body) for phone in fleet]))
    costs = ", ".join(f"{statistics.median(each.costs) * 1e6:.0f}" for each in contenders)
    print(f"us a request: gateway, pass-through, obvious build = {costs}", file=sys.stderr)
    yield Figure("cpu_per_request_checked", _ratio(contenders[0], contenders[1]), "ratio", 1.15)
    yield Figure("cpu_vs_obvious_build", _ratio(contenders[0], contenders[2]), "ratio", 0.25)


if __name__ == "__main__":
    sys.exit(report(figures()))

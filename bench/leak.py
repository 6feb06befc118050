"""Whether the clock tells who lives here: wrong passwords for users and for nobody, in turns (T1).

The distance of the two distributions of answer times, by Kolmogorov and Smirnov, with the distance that two
samples of one distribution exceed once in a thousand times as the target. What is compared octet by octet and
counted is in ``tests/attacks/test_no_leak.py``; this is the same question put to the clock.
"""

import asyncio
import ipaddress
import sys
import time
from bisect import bisect_right
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.figures import Figure, report
from gateway.services.throttle import Throttle
from tests.support.backend import RecordingBackend
from tests.support.gateway import Gateway, serving
from tests.support.inhabited import PASSWORD
from tests.support.mail_server import mail_server

PAIRS = 300
WARM_UP = 20
HERE = (ipaddress.ip_network("127.0.0.0/8"),)
"""Shared, so that guessing is not slowed down here."""


def distance(first: list[float], second: list[float]) -> float:
    """Largest difference of the two cumulative distributions, 0 to 1."""
    first, second = sorted(first), sorted(second)
    return max(
        abs(bisect_right(first, at) / len(first) - bisect_right(second, at) / len(second))
        for at in chain(first, second)
    )


def chance(count: int) -> float:
    """The distance that two samples of ``count`` from one distribution exceed once in a thousand times."""
    return 1.95 * (2 / count) ** 0.5


async def _refusal_s(gateway: Gateway, name: str) -> float:
    phone = gateway.phone(name, password="Wrong-Horse-1")
    began = time.perf_counter()
    answer = await phone.folder_sync()
    assert answer.http == 401
    return time.perf_counter() - began


async def _times() -> Mapping[str, list[float]]:
    found: dict[str, list[float]] = {"known": [], "nobody": []}
    users = {f"known{number}": PASSWORD for number in range(PAIRS)}
    with TemporaryDirectory() as folder:
        async with (
            RecordingBackend(mail_server) as backend,
            serving(Path(folder), backend, users=users) as gateway,
        ):
            gateway.app._login.throttle = Throttle(shared=HERE)
            for number in range(PAIRS):
                for kind in ("known", "nobody") if number % 2 else ("nobody", "known"):
                    found[kind].append(await _refusal_s(gateway, f"{kind}{number}"))
    return {kind: times[WARM_UP:] for kind, times in found.items()}


def main() -> int:
    times = asyncio.run(_times())
    apart = distance(times["known"], times["nobody"])
    return report([Figure("leak_by_time", apart, "KS distance", chance(PAIRS - WARM_UP))])


if __name__ == "__main__":
    sys.exit(main())

"""1,000 domains with their own certificates: start, memory, reload, and what a request pays for the names.

The certificates are EC, as certbot makes them today, each with its own three names. The memory is what one
process grows by; the workers share it until a file changes. The host check is timed in the spelling that
phones send, which is found at the first look, and in the slowest one that is still ours.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.figures import Figure, report
from gateway.config import Tls
from gateway.endpoints.hosts import ServedHosts
from gateway.serving.reloading import ReloadableContext
from tests.support.handshakes import NOW
from tests.support.many_domains import PUBLIC, issue

COUNT = 1000
DOMAINS = tuple(f"d{number:03}.test" for number in range(COUNT))
LOOKS = 200_000


def _pss_kib() -> int:
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("Pss:")).split()[1])


def _timed(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _certificates(folder: Path) -> list[Figure]:
    issue(folder, "000-public", PUBLIC)
    warm = ReloadableContext(Tls(folder=folder), names=[PUBLIC], now=NOW)
    for domain in DOMAINS:
        issue(folder, domain, f"autodiscover.{domain}", f"autoconfig.{domain}", domain)
    before, began = _pss_kib(), time.perf_counter()
    made = ReloadableContext(Tls(folder=folder), names=[PUBLIC], now=NOW)
    loading, grown = time.perf_counter() - began, _pss_kib() - before
    assert len(made) == COUNT + len(warm)
    again = min(_timed(lambda: made.reload(NOW)) for _ in range(3))
    return [
        Figure("certificates_1000_load", loading, "s", 1.5),
        Figure("certificates_1000_memory", grown / 1024, "MiB", 40),
        Figure("certificates_1000_reload_unchanged", again, "s", 0.5),
    ]


async def _hosts() -> list[Figure]:
    async def domains() -> tuple[str, ...]:
        return DOMAINS

    hosts = ServedHosts(PUBLIC, (), lambda _: False, domains)
    await hosts.start()
    figures = []
    for name, host in (("usual", PUBLIC.encode()), ("folded", b"AutoDiscover.D999.test.:443")):
        assert hosts.serves(host)
        spent = min(_timed(lambda host=host: [hosts.serves(host) for _ in range(LOOKS)]) for _ in range(3))
        figures.append(Figure(f"host_check_{name}", spent / LOOKS * 1e6, "us", 1 if name == "usual" else 5))
    return figures


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="usher-bench-") as folder:
        figures = _certificates(Path(folder))
    return report([*figures, *asyncio.run(_hosts())])


if __name__ == "__main__":
    sys.exit(main())

"""From ``usher serve`` to the first answer over TLS, and what a process weighs that has nothing to do.

Started on SQLite in an empty directory, where the database is made and migrated, and again, bound to no core,
as an operator starts it. The best of three counts: whatever else the machine does makes a start longer and
nothing makes it shorter. The first answer is a 401 to OPTIONS, which only a worker that serves can give.
"""

import socket
import ssl
import sys
import time
from collections.abc import Iterator

from bench.figures import Figure, report
from bench.gateway import Place, backend, place
from bench.processes import LOAD, children, here, rss_kib, started
from gateway.config import ACTIVESYNC_PATH

OPTIONS = f"OPTIONS {ACTIVESYNC_PATH} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
STARTS = 3
GIVE_UP_S = 30.0
IDLE_S = 2.0


def _first_answer(where: Place) -> None:
    """Ask until somebody answers."""
    context = ssl.create_default_context(cafile=str(where.authority))
    end = time.monotonic() + GIVE_UP_S
    while True:
        try:
            with (
                socket.create_connection(("127.0.0.1", where.tls), GIVE_UP_S) as plain,
                context.wrap_socket(plain, server_hostname="localhost") as secure,
            ):
                secure.sendall(OPTIONS)
                if not secure.recv(1024).startswith(b"HTTP/1.1 401"):
                    raise RuntimeError("the first answer is no 401")
                return
        except ConnectionRefusedError:
            if time.monotonic() > end:
                raise
            time.sleep(0.01)


def _start(where: Place) -> tuple[float, float]:
    """Seconds to the first answer, and MiB of the heaviest idle process."""
    began = time.monotonic()
    with started("gateway", "serve", "--config", where.config, core=None, log=where.log) as pid:
        _first_answer(where)
        seconds = time.monotonic() - began
        time.sleep(IDLE_S)
        return seconds, max(map(rss_kib, children(pid))) / 1024


def figures() -> Iterator[Figure]:
    """The first start, the following ones, and the heaviest process's resident size."""
    here(LOAD)
    fresh: list[float] = []
    again: list[float] = []
    sizes: list[float] = []
    with backend() as mail:
        for _ in range(STARTS):
            with place(mail, workers=2, administered=True) as where:
                for times in (fresh, again):
                    seconds, size = _start(where)
                    times.append(seconds)
                    sizes.append(size)
    yield Figure("start_to_first_answer_fresh", min(fresh), "s", 2)
    yield Figure("start_to_first_answer", min(again), "s", 2)
    yield Figure("idle_process_memory", max(sizes), "MiB", 120)


if __name__ == "__main__":
    sys.exit(report(figures()))

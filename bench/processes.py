"""What ``/proc`` says of a process, and processes that end with the benchmark (proc(5)).

The gateway and what it is compared with run on one core, load and backend on another, so that the load's own
hunger is not taken from those who are measured.
"""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
END_S = 30.0
_CORES = sorted(os.sched_getaffinity(0))
MEASURED, LOAD = _CORES[0], _CORES[-1]
"""The core of those who are measured, and that of load and backend; one and the same on a small machine."""


def here(core: int) -> None:
    """Keep this process on ``core``."""
    os.sched_setaffinity(0, {core})


@contextlib.contextmanager
def started(module: str, *arguments: object, core: int | None, log: Path) -> Iterator[int]:
    """``python -m module`` on ``core``, or on any, for the length of the block; gives its pid."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    ours = os.sched_getaffinity(0)
    os.sched_setaffinity(0, _CORES if core is None else {core})  # a child begins where its parent is
    with log.open("ab") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    os.sched_setaffinity(0, ours)
    try:
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            for pid in reversed(family(process.pid)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, 9)
            process.wait()


def free_ports(count: int) -> Sequence[int]:
    """Loopback ports that nobody listens on."""
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(socket.socket()) for _ in range(count)]
        for sock in held:
            sock.bind(("127.0.0.1", 0))
        return [sock.getsockname()[1] for sock in held]


def listening(port: int, within_s: float = 60.0) -> None:
    """Wait until a connection to ``port`` is accepted."""
    end = time.monotonic() + within_s
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)
        else:
            return


def children(pid: int) -> list[int]:
    """Its children, oldest first."""
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return sorted(map(int, text.split()))


def family(pid: int) -> list[int]:
    """A process and all below it."""
    return [pid, *(each for child in children(pid) for each in family(child))]


def cpu_seconds(pid: int) -> float:
    """User and system time of all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def pss_kib(pids: Sequence[int]) -> int:
    """Proportional set size: a page that n processes share counts 1/n for each."""
    return sum(_kib(pid, "smaps_rollup", "Pss") for pid in pids)


def rss_kib(pid: int) -> int:
    """Resident set size."""
    return _kib(pid, "status", "VmRSS")


def peak_kib(pid: int) -> int:
    """Highest resident set size since ``forget_peak``."""
    return _kib(pid, "status", "VmHWM")


def forget_peak(pid: int) -> None:
    """Let the peak begin at the present size."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def _kib(pid: int, file: str, field: str) -> int:
    for line in Path(f"/proc/{pid}/{file}").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1])
    raise LookupError(field)

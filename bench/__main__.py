"""``make bench``: every benchmark in a process of its own, one line for each figure, ten minutes at most.

Each can be run alone: ``python -m bench.cpu``. The exit code is 1 when a figure is short of its target or a
benchmark failed.
"""

import subprocess
import sys
import time

BENCHMARKS = (
    "wbxml",
    "xmltext",
    "leak",
    "many_domains",
    "start",
    "doctor",
    "streams",
    "release",
    "throughput",
    "memory",
    "cpu",
    "discovery",
    "device_list",
    "device_list_api",
    "rules",
    "webhooks",
)
LIMIT_S = 600.0


def main() -> int:
    end = time.monotonic() + LIMIT_S
    codes = [_run(name, end - time.monotonic()) for name in BENCHMARKS]
    return int(any(codes))


def _run(name: str, within_s: float) -> int:
    try:
        return subprocess.run(
            [sys.executable, "-m", f"bench.{name}"], timeout=within_s, check=False
        ).returncode
    except subprocess.TimeoutExpired:
        print(f"{name}: the ten minutes are over", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())

"""How long hostile XML holds the event loop: an AutoDiscover request is refused in 50 ms at most (T18).

The corpus is that of the attack tests; each document's figure is the median of a few rounds, and the slowest
counts. What only looks hostile is read, and may take no longer.
"""

import statistics
import sys
import time

from autodiscover.errors import DiscoveryError
from autodiscover.xmltext import parse
from bench.figures import Figure, report
from tests.support.hostile_xml import HARMLESS, REFUSED

ROUNDS = 5
TARGET_MS = 50.0


def _refusal_ms(body: bytes) -> float:
    began = time.perf_counter()
    try:
        parse(body)
    except DiscoveryError:
        return (time.perf_counter() - began) * 1000
    raise AssertionError("hostile XML was accepted")


def _reading_ms(body: bytes) -> float:
    began = time.perf_counter()
    parse(body)
    return (time.perf_counter() - began) * 1000


def _slowest(costs: dict[str, list[float]]) -> tuple[str, float]:
    return max(((name, statistics.median(each)) for name, each in costs.items()), key=lambda item: item[1])


def main() -> int:
    refused, refusal = _slowest(
        {k: [_refusal_ms(body) for _ in range(ROUNDS)] for k, body in REFUSED.items()}
    )
    read, reading = _slowest(
        {k: [_reading_ms(body) for _ in range(ROUNDS)] for k, (body, _) in HARMLESS.items()}
    )
    print(f"slowest refused: {refused}; slowest read: {read}", file=sys.stderr)
    return report(
        [
            Figure("xml_hostile_ms", refusal, "ms", TARGET_MS),
            Figure("xml_harmless_ms", reading, "ms", TARGET_MS),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())

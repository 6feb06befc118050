"""How long hostile XML holds the event loop: an AutoDiscover request is refused in 50 ms at most (T18)."""

import statistics
import sys
import time

from autodiscover.errors import DiscoveryError
from autodiscover.xmltext import parse
from bench.figures import Figure, report

ROUNDS = 5
TARGET_MS = 50.0

HOSTILE = {
    "entities": b'<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb">]><a>' + b"&b;" * 5_000 + b"</a>",
    "deep": b"<a>" * 10_000,
    "deep and closed": b"<a>" * 4_000 + b"</a>" * 4_000,
    "many": b"<a>" + b"<b/>" * 7_000 + b"</a>",
    "many attributes": b"<a " + b" ".join(b'b%d=""' % number for number in range(3_000)) + b"/>",
    "long namespace": b'<a xmlns="' + b"n" * 16_000 + b'">' + b"<b/>" * 3_000 + b"</a>",
    "10 MB": b"<a>" + b"x" * 10_000_000 + b"</a>",
}


def _refusal_ms(body: bytes) -> float:
    began = time.perf_counter()
    try:
        parse(body)
    except DiscoveryError:
        return (time.perf_counter() - began) * 1000
    raise AssertionError("hostile XML was accepted")


def main() -> int:
    slowest = max(statistics.median(_refusal_ms(body) for _ in range(ROUNDS)) for body in HOSTILE.values())
    return report([Figure("refuse_hostile_xml", slowest, "ms", TARGET_MS)])


if __name__ == "__main__":
    sys.exit(main())

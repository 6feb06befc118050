"""What a worker writes on the board every few seconds (product 9.4): what it counted, and how it stands."""

import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from gateway.board import Board, Document, Figures

EVERY_S = 5.0
"""How old a figure may be; a scrape comes every 15 s or later."""

MOST_KINDS = 2000
"""Kinds of answers that one worker tells apart; the words are the gateway's own, so it is some hundred."""

OTHER = "other"
Answered = dict[tuple[str, str, int], int]

_log = logging.getLogger("usher.worker")


@runtime_checkable
class Counted(Protocol):
    """An application that has figures of its own."""

    def figures(self) -> Figures: ...


class Publisher:
    """Writes one slot.

    Args:
        answered: what each guard counted: command, verdict and HTTP status of the answers.
        figures: of the applications that have some.
        connections: how many clients are connected now.
    """

    def __init__(
        self,
        board: Board,
        slot: int,
        role: str,
        answered: Sequence[Answered],
        figures: Sequence[Callable[[], Figures]],
        connections: Callable[[], int],
    ) -> None:
        self._board = board
        self._slot = slot
        self._role = role
        self._answered = answered
        self._figures = figures
        self._connections = connections
        self._before = board.read(slot)

    def publish(self) -> None:
        """Write how things stand; a document that does not fit is said and left out."""
        try:
            self._board.write(self._slot, self._document())
        except ValueError as error:
            _log.warning("figures were not published: %s", error)

    def _document(self) -> Document:
        own = [each() for each in self._figures]
        gauges: dict[str, Mapping[str, float]] = {"connections": {"": self._connections()}, **_process()}
        for each in own:
            gauges |= each.gauges
        return {
            "role": self._role,
            "at": time.monotonic(),
            "answered": _merged(self._before.get("answered", ()), self._answered),
            "counters": _summed(self._before.get("counters", {}), [each.counters for each in own]),
            "latency": _added(self._before.get("latency", {}), [each.latency for each in own]),
            "gauges": gauges,
        }


def _merged(before: Sequence[Sequence[Any]], answered: Sequence[Answered]) -> list[list[Any]]:
    """All counts together with those of the worker that was here before."""
    found: Answered = {}
    for command, verdict, status, count in before:
        found[command, verdict, status] = found.get((command, verdict, status), 0) + count
    for each in answered:
        for kind, count in list(each.items()):
            key = kind if kind in found or len(found) < MOST_KINDS else (OTHER, OTHER, 0)
            found[key] = found.get(key, 0) + count
    return [[*kind, count] for kind, count in found.items()]


def _summed(before: Mapping[str, int], others: Sequence[Mapping[str, int]]) -> dict[str, int]:
    found = dict(before)
    for each in others:
        for name, count in each.items():
            found[name] = found.get(name, 0) + count
    return found


def _added(
    before: Mapping[str, Sequence[float]], others: Sequence[Mapping[str, Sequence[float]]]
) -> dict[str, list[float]]:
    """Histograms bucket by bucket; the sum of the seconds stands last."""
    found = {name: list(values) for name, values in before.items()}
    for each in others:
        for name, values in each.items():
            held = found.get(name, [0] * len(values))
            found[name] = [old + new for old, new in zip(held, values, strict=True)]
    return found


def _process() -> dict[str, Mapping[str, float]]:
    """Memory and open files of this process."""
    with open("/proc/self/statm", "rb") as file:  # noqa: PTH123 - the loop's thread: no more calls than needed
        resident = int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    files = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - twenty thousand of them make no Path each
    return {"resident_bytes": {"": resident}, "open_files": {"": files}}

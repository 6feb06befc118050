"""Where the processes of one gateway write down what they counted, for whoever answers ``/metrics`` (9.4).

Shared memory that the supervisor makes before it forks: no file, no socket, no lock. Each worker has a slot
of its own, in which it writes a small document every few seconds; what counts on the way of a request is a
plain number in the worker's own memory. The worker that comes after one that died goes on from what the slot
has, so that no sum ever goes back.
"""

import json
import mmap
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

SLOT = 256 * 1024
"""Octets of a document: a thousand kinds of answers are 60 KiB."""

SILENT_S = 20.0
"""A worker that wrote nothing for so long is no more; its counts stay, its gauges mean nothing."""

FEED_SILENCE = "feed_silence_seconds"
"""Gauge: for how long a worker has not heard the change feed."""

_HEAD = struct.Struct("<II")
_ATTEMPTS = 20

Document = Mapping[str, Any]
EMPTY: Document = {}


@dataclass(frozen=True, slots=True)
class Figures:
    """What an application counted and how it stands; a worker writes it down (``serving.publishing``).

    Attributes:
        gauges: name to label to value; without a label the empty one.
        counters: name to count since the start of the process.
        latency: backend to the counts of each bucket and the sum of the seconds.
    """

    gauges: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    counters: Mapping[str, int] = field(default_factory=dict)
    latency: Mapping[str, Sequence[float]] = field(default_factory=dict)


class Board:
    """Slots for ``count`` workers; make it before the fork."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._memory = mmap.mmap(-1, max(count, 1) * SLOT)

    def write(self, slot: int, document: Document) -> None:
        """Replace what the slot has; ValueError for a document that is too large."""
        data = json.dumps(document, separators=(",", ":")).encode()
        if len(data) > SLOT - _HEAD.size:
            raise ValueError("the document is larger than its slot")
        place = slot * SLOT
        self._memory[place + _HEAD.size : place + _HEAD.size + len(data)] = data
        self._memory[place : place + _HEAD.size] = _HEAD.pack(len(data), zlib.crc32(data))

    def read(self, slot: int) -> Document:
        """What the slot has, empty before its worker wrote anything.

        The writer is another process and is not waited for: what is read while it writes has not the
        checksum of a whole document, and is read again.
        """
        for _ in range(_ATTEMPTS):
            data = self._data(slot)
            if data is not None:
                found: Document = json.loads(data) if data else EMPTY
                return found
        return EMPTY

    def all(self) -> Sequence[Document]:
        """Every slot in which something is written."""
        return [document for slot in range(self.count) if (document := self.read(slot))]

    def _data(self, slot: int) -> bytes | None:
        place = slot * SLOT
        length, checksum = _HEAD.unpack(self._memory[place : place + _HEAD.size])
        if length > SLOT - _HEAD.size:
            return None
        data = self._memory[place + _HEAD.size : place + _HEAD.size + length]
        return data if zlib.crc32(data) == checksum else None

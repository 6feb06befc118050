"""Going over a trail record by record (product 8, T26): which record stands at each place, and does the chain
hold.

Pure, and one pass: a million records in half a minute, and only what is wrong is kept. A record carries the
hash of the one before and its own number is hashed, so each can be judged alone: where its content does not
match its hash, it may still be the record of another number (moved, or everything behind an insertion), and
that is tried before it is called changed.
"""

from collections.abc import Iterable, Mapping, Sequence

from gateway.records import Seal
from gateway.records.chain import Link, intact
from gateway.services.audit_findings import Fault, Finding, Run, open_numbers, settle, spans

KEPT = 100
"""Records that match no number near by and are held against all open numbers at the end."""

TRIED = 1000
"""Open numbers that they are held against."""


class Inspection:
    """One trail, from the record ``start``, which follows the hash ``previous``, on.

    Attributes:
        count: records so far. place, hash: of the last one.
    """

    def __init__(self, start: int, previous: str, checkpoints: Sequence[Seal]) -> None:
        """``checkpoints``: genuine ones, by sequence."""
        self._start = start
        self._number, self.hash = start - 1, previous
        self._checkpoints = checkpoints
        self._wanted = {seal.sequence for seal in checkpoints}
        self._hashes: dict[int, str] = {}
        self._runs: list[Run] = []
        self._strange: dict[int, Link | None] = {}
        self._replaced: list[int] = []
        self.count = 0
        self.place = start - 1

    def take(self, record: Link) -> None:
        """Look at the next record."""
        self.count += 1
        self.place = place = record.sequence
        if place == self._number + 1 and record.previous == self.hash and intact(record):
            self._extend(place, place, record.hash)
            return
        number = self._number_of(record)
        if number is None:
            self._strange[place] = record if len(self._strange) < KEPT else None
            self._number, self.hash = -1, record.hash
            return
        if number == self._number + 1 and record.previous != self.hash:
            self._replaced.append(max(self._number, self._start))
        self._extend(number, place, record.hash)

    def findings(self) -> list[Finding]:
        """All that is wrong, by number."""
        known = max((seal.sequence for seal in self._checkpoints), default=self._start - 1)
        self._find_again(known)
        found = settle(self._runs, self._strange, self._start, known)
        found += [Finding(*span, Fault.REPLACED) for span in spans(sorted(set(self._replaced)))]
        found += self._rewritten()
        return sorted(found, key=lambda each: (each.first, each.last, each.fault.value))

    def _number_of(self, record: Link) -> int | None:
        """The number of the record that stands here; the last displacement is tried before its neighbours."""
        place: int = record.sequence
        shift = self._runs[-1].number - self._runs[-1].place if self._runs else 0
        for number in dict.fromkeys((place, place + shift, place - 1, place + 1)):
            if intact(record, number):
                return number
        return None

    def _extend(self, number: int, place: int, hashed: str) -> None:
        last = self._runs[-1] if self._runs else None
        if last is not None and (last.number + last.length, last.place + last.length) == (number, place):
            last.length += 1
        else:
            self._runs.append(Run(number, place))
        self._number, self.hash = number, hashed
        if number in self._wanted:
            self._hashes[number] = hashed

    def _find_again(self, known: int) -> None:
        """Records that were carried far away."""
        end = max([known, self.place, *self._strange])
        numbers = open_numbers(self._runs, self._start, end, TRIED)
        for place, record in list(self._strange.items()):
            number = next((each for each in numbers if record and intact(record, each)), None)
            if number is not None:
                del self._strange[place]
                numbers.remove(number)
                self._runs.append(Run(number, place))

    def _rewritten(self) -> Iterable[Finding]:
        """Where hashes are others than what was signed, from the last checkpoint that agrees."""
        agreed, wrong = self._start - 1, 0
        for seal in self._checkpoints:
            hashed = self._hashes.get(seal.sequence)
            if hashed == seal.hash and not wrong:
                agreed = seal.sequence
            elif hashed is not None and hashed != seal.hash:
                wrong = seal.sequence
        return (Finding(agreed + 1, wrong, Fault.REWRITTEN),) if wrong else ()


def unseen(checkpoints: Sequence[Seal], others: Mapping[int, Seal]) -> Iterable[Finding]:
    """Checkpoints that were taken away: each says how many records there were since the one before it, and
    ``others`` were kept elsewhere."""
    before = 0
    for seal in checkpoints:
        if seal.count != seal.sequence - before:
            first = max(1, min(before + 1, seal.sequence))
            yield Finding(first, seal.sequence, Fault.CHECKPOINT_MISSING)
        before = seal.sequence
    there = {seal.sequence for seal in checkpoints}
    for number in sorted(set(others) - there):
        if number > before:
            yield Finding(number, number, Fault.CHECKPOINT_MISSING)

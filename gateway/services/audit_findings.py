"""What is wrong with a trail, told exactly (product 8, T26): from where records stand to what was done to
them.

Pure: ``audit_inspection`` finds for each place in the trail which record stands there, as runs of records in
their order, and the places whose record is none that was ever hashed. What was removed, moved, inserted or
changed follows from these alone.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise


class Fault(Enum):
    """What was done to the trail."""

    CHANGED = "changed"
    REPLACED = "replaced"
    REMOVED = "removed"
    TRUNCATED = "truncated"
    INSERTED = "inserted"
    MOVED = "moved"
    REWRITTEN = "rewritten"
    FORGED = "forged"
    CHECKPOINT_MISSING = "checkpoint missing"
    UNREADABLE = "unreadable"
    UNFINISHED = "unfinished"


_WORDS = {
    Fault.CHANGED: "is not what was written",
    Fault.REPLACED: "is another one than the one that the next record followed",
    Fault.REMOVED: "is missing",
    Fault.TRUNCATED: "is missing at the end, although a checkpoint or a later record knows of it",
    Fault.INSERTED: "was never written there",
    Fault.MOVED: "stands at another number",
    Fault.REWRITTEN: "was rewritten: the chain holds, but the checkpoint at its end has another hash",
    Fault.FORGED: "has a checkpoint or an archive mark that no trusted key signed",
    Fault.CHECKPOINT_MISSING: "had a checkpoint that is not there any more",
    Fault.UNREADABLE: "is no record",
    Fault.UNFINISHED: "ends a file that has no signed end",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        first, last: numbers of the records; lines of a file where it is ``UNREADABLE``.
        place: for moved records where the first of them stands, else 0.
    """

    first: int
    last: int
    fault: Fault
    place: int = 0

    @property
    def words(self) -> str:
        """One line for people."""
        what = "line" if self.fault is Fault.UNREADABLE else "record"
        which = f"{what} {self.first}" if self.first == self.last else f"{what}s {self.first} to {self.last}"
        where = f" ({self.place} and on)" if self.place else ""
        return f"{which}: {_WORDS[self.fault]}{where}"


@dataclass(slots=True)
class Run:
    """Records that stand together in their order: ``length`` of them from ``number``, at ``place``."""

    number: int
    place: int
    length: int = 1

    @property
    def last(self) -> int:
        return self.number + self.length - 1


Span = tuple[int, int]


def settle(runs: Sequence[Run], strange: Collection[int], start: int, known: int) -> list[Finding]:
    """What was done to the records.

    Args:
        runs: what stands where.
        strange: places whose record is none.
        start: the first number that there has to be.
        known: the last number that there was, by whoever signed it.
    """
    by_number = sorted(runs, key=lambda run: (run.number, run.place))
    claimed = list(_merged((run.number, run.last) for run in by_number))
    inserted = [place for place in sorted(strange) if _within(place, claimed)]
    changed = sorted(set(strange) - set(inserted))
    there = list(_merged(sorted([*claimed, *((place, place) for place in changed)])))
    end = max(known, there[-1][1] if there else start - 1)
    highest = max([run.place + run.length - 1 for run in runs] + list(strange), default=start - 1)
    found = [Finding(*span, Fault.CHANGED) for span in spans(changed)]
    found += [Finding(*span, Fault.INSERTED) for span in spans(inserted)]
    for first, last in _gaps(there, start, end):
        found.append(Finding(first, last, Fault.TRUNCATED if first > highest else Fault.REMOVED))
    found += [
        Finding(run.number, run.last, Fault.MOVED, run.place) for run in runs if run.number != run.place
    ]
    return [*found, *_doubled(by_number)]


def spans(numbers: Iterable[int]) -> Iterator[Span]:
    """Ascending numbers as ranges."""
    return _merged((number, number) for number in numbers)


def open_numbers(runs: Sequence[Run], start: int, end: int, limit: int) -> list[int]:
    """Numbers that no run has, up to ``limit`` of them."""
    found: list[int] = []
    for first, last in _gaps(list(_merged(sorted((run.number, run.last) for run in runs))), start, end):
        found += range(first, min(last, first + limit - len(found) - 1) + 1)
    return found


def _merged(ascending: Iterable[Span]) -> Iterator[Span]:
    """Ranges that neither overlap nor touch."""
    held: Span | None = None
    for first, last in ascending:
        if held is not None and first <= held[1] + 1:
            held = held[0], max(held[1], last)
            continue
        if held is not None:
            yield held
        held = first, last
    if held is not None:
        yield held


def _gaps(merged: Iterable[Span], start: int, end: int) -> Iterator[Span]:
    upto = start - 1
    for first, last in merged:
        if first > upto + 1:
            yield upto + 1, first - 1
        upto = max(upto, last)
    if upto < end:
        yield upto + 1, end


def _within(place: int, merged: Sequence[Span]) -> bool:
    nearest = bisect_right(merged, place, key=lambda span: span[0]) - 1
    return nearest >= 0 and place <= merged[nearest][1]


def _doubled(by_number: Sequence[Run]) -> Iterator[Finding]:
    """Of two records with one number the one at its own place is the forged one: who makes a record up gives
    it the number of its place, and moves the others."""
    for before, after in pairwise(by_number):
        if after.number <= before.last:
            own = before if before.number == before.place else after
            first, last = max(before.number, after.number), min(before.last, after.last)
            if own.number == own.place:
                yield Finding(first, last, Fault.INSERTED)

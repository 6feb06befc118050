"""Trails in files, one JSON object a line: archives, exports, and checkpoints that were kept elsewhere
(product 8, T26).

A file is a stranger's until its signature says otherwise: a line may be anything, and is told by its number
where it cannot be read. Nothing is held in memory.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.records import ARCHIVE, CHECKPOINT, Seal
from gateway.records.chain import Link, intact
from gateway.services.audit_export import agrees, link_of
from gateway.services.audit_findings import Fault, Finding
from gateway.services.audit_inspection import Inspection
from gateway.services.audit_ports import Trusting
from gateway.services.audit_verifying import forged, sorted_out

LONGEST = 16 * 1024 * 1024
"""Characters of a line: a record of a policy change has some tens of thousands."""


@dataclass(frozen=True, slots=True)
class FileReport:
    """What was found in a file.

    Attributes:
        first, last: numbers of the first and the last record.
        exported: whether it is an export, which may leave records out; an archive may not.
        sealed: number up to which a genuine signature covers the records, 0 where none does.
        end: the genuine mark with which an archive ends.
    """

    count: int
    first: int
    last: int
    findings: Sequence[Finding]
    exported: bool
    sealed: int
    end: Seal | None = None

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings


def checkpoints_of(lines: Iterable[str]) -> list[Seal]:
    """The checkpoints among lines, of a checkpoint file or of the log; others are passed over."""
    found = (_document(line) for line in lines)
    return [seal for document in found if document and (seal := _seal(document)) and seal.kind == CHECKPOINT]


class FileInspection:
    """One file, line by line."""

    def __init__(self, trusted: Trusting, kept: Iterable[Seal] = ()) -> None:
        self._trusted = trusted
        self._kept, self._forged = sorted_out(kept, trusted)
        self._unreadable: list[int] = []
        self._seals: list[Seal] = []
        self._exported = False

    def report(self, lines: Iterable[str]) -> FileReport:
        """Go over all of it."""
        links = self._links(lines)
        first = next(links, None)
        findings: list[Finding] = []
        count, last, begin = 0, 0, 0
        if first is not None:
            begin = first.sequence
            look = _Sample(self._kept) if self._exported else Inspection(begin, first.previous, self._kept)
            for record in _chained(first, links):
                look.take(record)
            count, last = look.count, look.place
            findings += look.findings()
            findings += self._ending(look)
        findings += [Finding(number, number, Fault.UNREADABLE) for number in self._unreadable]
        genuine = sorted_out(self._seals, self._trusted)[0]
        signed = [seal.sequence for seal in [*genuine, *self._kept] if begin <= seal.sequence <= last]
        end = genuine[-1] if genuine and genuine[-1].kind == ARCHIVE else None
        return FileReport(count, begin, last, findings, self._exported, max(signed, default=0), end)

    def _ending(self, look: "Inspection | _Sample") -> Iterator[Finding]:
        """An archive ends with a signature over its last record."""
        yield from forged(self._forged)
        genuine, others = sorted_out(self._seals, self._trusted)
        yield from forged(others)
        if self._exported or others:
            return
        if not genuine or genuine[-1].kind != ARCHIVE:
            yield Finding(look.place, look.place, Fault.UNFINISHED)
        elif (genuine[-1].sequence, genuine[-1].hash) != (look.place, look.hash):
            end = genuine[-1].sequence
            short = Finding(look.place + 1, end, Fault.TRUNCATED)
            yield short if look.place < end else Finding(end, look.place, Fault.REWRITTEN)

    def _links(self, lines: Iterable[str]) -> Iterator[Link]:
        for number, line in enumerate(lines, 1):
            document = _document(line)
            seal = _seal(document) if document else None
            if seal is not None:
                self._seals.append(seal)
                continue
            link = self._link(document) if document else None
            if link is None:
                self._unreadable.append(number)
            else:
                yield link

    def _link(self, document: Mapping[str, Any]) -> Link | None:
        try:
            if "eventVersion" not in document:
                link = Link.of_document(document)
            else:
                self._exported = True
                link = link_of(document)
                if not agrees(document):
                    link = link._replace(hash="")
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
            return None
        return link if type(link.sequence) is int else None


class _Sample:
    """Records some of which were left out: each is judged alone, neighbours together."""

    def __init__(self, checkpoints: Sequence[Seal]) -> None:
        self._checkpoints = {seal.sequence: seal.hash for seal in checkpoints}
        self._found: list[Finding] = []
        self.count = 0
        self.place, self.hash = 0, ""

    def take(self, record: Link) -> None:
        self.count += 1
        number = record.sequence
        if number <= self.place:
            self._found.append(Finding(number, number, Fault.MOVED))
        elif not intact(record):
            self._found.append(Finding(number, number, Fault.CHANGED))
        elif number == self.place + 1 and self.hash and record.previous != self.hash:
            self._found.append(Finding(self.place, self.place, Fault.REPLACED))
        elif self._checkpoints.get(number, record.hash) != record.hash:
            self._found.append(Finding(number, number, Fault.REWRITTEN))
        self.place, self.hash = number, record.hash

    def findings(self) -> list[Finding]:
        return self._found


def _chained(first: Link, rest: Iterable[Link]) -> Iterator[Link]:
    yield first
    yield from rest


def _document(line: str) -> Mapping[str, Any] | None:
    try:
        document = json.loads(line) if len(line) <= LONGEST else None
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _seal(document: Mapping[str, Any]) -> Seal | None:
    kind = document.get("kind")
    if kind not in (ARCHIVE, CHECKPOINT) or "signature" not in document:
        return None
    try:
        at = datetime.fromisoformat(document["at"])
        texts = {name: document[name] for name in ("hash", "key", "signature")}
        numbers = {name: document[name] for name in ("sequence", "count")}
        if not all(type(each) is str for each in texts.values()) or at.tzinfo is None:
            return None
        if not all(type(each) is int for each in numbers.values()):
            return None
        return Seal(kind, at=at, **texts, **numbers)
    except (KeyError, TypeError, ValueError):
        return None

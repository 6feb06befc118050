"""Retention by archive and not by deletion (product 8, T26): old records go to a file, and leave the database
when the file was read back.

The order is all: the file is whole, on the disk and verified before the mark is committed that lets the
database forget, and the mark, with number and hash of the last record, is signed. A crash before the mark
leaves a file too many, one after it leaves rows too many: the next run removes those. Nothing that is wrong
with the trail is archived away.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gateway.errors import GatewayError, Kind
from gateway.records import ARCHIVE, CHECKPOINT, Actor, AuditTag, Seal
from gateway.records.chain import GENESIS, Link
from gateway.services.acts import Act, Acts, Entry
from gateway.services.audit_files import FileInspection
from gateway.services.audit_inspection import Inspection
from gateway.services.audit_ports import Chain, Signing
from gateway.services.audit_seals import sealed, signer_of
from gateway.services.audit_verifying import sorted_out
from gateway.services.checkpoints import as_document
from gateway.services.ports import Clock, Store

BATCH = 5000
"""Rows that one transaction removes: all other writers wait that long."""

NOTHING_DUE = "There is nothing to archive before then."
BROKEN = "The trail is not sound, so none of it is archived: see usher audit verify."
UNREAD = "The file does not hold what was written to it; nothing was removed."
OVERTAKEN = "Somebody else archived at the same time; nothing was removed."


class Paper(Protocol):
    """Where an archive is written."""

    @property
    def name(self) -> str: ...
    def write(self, lines: Iterable[str]) -> None:
        """Write all lines to a new file, and return when they are on the disk; OSError as it comes."""
        ...

    def read(self) -> Iterator[str]: ...


@dataclass(frozen=True, slots=True)
class _Part:
    """Records ``first`` to ``last``, which follow the hash ``previous`` of the mark ``before``."""

    before: Seal | None
    first: int
    last: int
    previous: str


class AuditArchiving:
    """Archives the beginning of the trail."""

    def __init__(self, store: Store, clock: Clock, signing: Callable[[], Signing]) -> None:
        self._store = store
        self._clock = clock
        self._signing = signing
        self._acts = Acts(store, clock)

    def archive(self, actor: Actor, before: datetime, paper: Paper) -> Seal:
        """Archive what is older than ``before``; returns the mark.

        Raises:
            GatewayError: CONFLICT for nothing to archive, a trail that is not sound, a file that does not
                read back, or another archive at the same time; UNAVAILABLE without the key.
            OSError: the file cannot be written.
        """
        signer = signer_of(self._signing)
        self.sweep()
        with self._store.read() as transaction:
            part = _due(transaction.audit_chain, before, signer)
        paper.write(self._lines(part, signer))
        report = FileInspection(signer).report(paper.read())
        seal = report.end
        if not report.sound or seal is None or (report.first, report.last) != (part.first, part.last):
            raise GatewayError(Kind.CONFLICT, UNREAD)
        act = Act(AuditTag.AUDIT_ARCHIVED, actor, "", f"{part.first}-{part.last}")
        self._acts.perform(act, lambda entry: _marked(entry, part, seal, paper.name))
        self.sweep()
        return seal

    def sweep(self) -> int:
        """Remove records that are in an archive; returns how many. GatewayError as for ``archive``."""
        with self._store.read() as transaction:
            mark = _mark(transaction.audit_chain, signer_of(self._signing))
        removed = 0
        while mark is not None:
            with self._store.write() as transaction:
                done = transaction.audit_chain.remove(mark.sequence, BATCH)
            removed += done
            if done < BATCH:
                break
        return removed

    def _lines(self, part: _Part, signer: Signing) -> Iterator[str]:
        with self._store.read() as transaction:
            chain = transaction.audit_chain
            checkpoints = sorted_out(chain.seals(CHECKPOINT), signer)[0]
            within = [seal for seal in checkpoints if part.first <= seal.sequence <= part.last]
            inspection, hashed = Inspection(part.first, part.previous, within), part.previous
            # One more than is archived: it alone knows whether the last one is what it followed.
            for record in chain.links(after=part.first - 1, upto=part.last + 1):
                inspection.take(record)
                if record.sequence <= part.last:
                    hashed = record.hash
                    yield _line(record)
            if inspection.findings():
                raise GatewayError(Kind.CONFLICT, BROKEN)
        count = part.last - part.first + 1
        seal = Seal(ARCHIVE, part.last, hashed, self._clock.now(), count)
        yield json.dumps(as_document(sealed(seal, signer)))


def _line(record: Link) -> str:
    try:
        return json.dumps(record.as_document())
    except ValueError:
        raise GatewayError(Kind.CONFLICT, BROKEN) from None


def _mark(chain: Chain, signer: Signing) -> Seal | None:
    """How far the trail is archived; a mark that nobody signed removes nothing."""
    genuine, others = sorted_out(chain.seals(ARCHIVE), signer)
    if others:
        raise GatewayError(Kind.CONFLICT, BROKEN)
    return genuine[-1] if genuine else None


def _due(chain: Chain, before: datetime, signer: Signing) -> _Part:
    mark = _mark(chain, signer)
    first, previous = (mark.sequence + 1, mark.hash) if mark else (1, GENESIS)
    last = chain.last_before(before)
    if last < first:
        raise GatewayError(Kind.CONFLICT, NOTHING_DUE)
    return _Part(mark, first, last, previous)


def _marked(entry: Entry, part: _Part, seal: Seal, name: str) -> None:
    chain = entry.transaction.audit_chain
    if chain.last_seal(ARCHIVE) != part.before:
        raise GatewayError(Kind.CONFLICT, OVERTAKEN)
    chain.add_seal(seal)
    after = {"first": part.first, "last": part.last, "hash": seal.hash, "file": name, "key": seal.key}
    entry.record(after=after)

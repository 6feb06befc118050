"""``usher audit verify``: whether the trail is what was written (product 8, T26).

What is signed is believed, what is not is told: checkpoints of the database and, where somebody kept them
elsewhere, those of a file, too. A trail that was cut back begins where the signed mark of its last archive
ends.

Going over the trail costs a CPU for up to a minute and is for who may read all of it. Who reads a part is
told what the last verification found: within the hour they begin none.
"""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.errors import GatewayError, Kind
from gateway.records import ARCHIVE, CHECKPOINT, Seal
from gateway.records.chain import GENESIS
from gateway.services.audit_findings import Fault, Finding
from gateway.services.audit_inspection import Inspection, unseen
from gateway.services.audit_ports import Chain, Signing, Trusting
from gateway.services.audit_seals import is_genuine, signer_of
from gateway.services.ports import Clock, Store

BUSY = "The trail is being verified already."
_ONE_AT_A_TIME = threading.Lock()
"""For a verification takes a CPU for up to a minute, and this process has others to serve."""

LATELY = timedelta(hours=1)
"""How long a verification is told to who may begin none: with ten million records 8 % of a CPU at most."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was found.

    Attributes:
        first, last: numbers of the first and the last record that is there, 0 where there is none.
        checkpoint: the youngest genuine one. archived: number of the last record in an archive.
    """

    at: datetime
    count: int
    first: int
    last: int
    findings: Sequence[Finding]
    checkpoint: Seal | None
    archived: int = 0

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings


@dataclass
class LastReport:
    """What the last verification of the whole trail in this process found; None before the first."""

    report: Report | None = None


class AuditVerifier:
    """Verifies the trail of one store."""

    def __init__(
        self, store: Store, clock: Clock, signing: Callable[[], Signing], last: LastReport | None = None
    ) -> None:
        """``last``: shared by all verifiers of one trail."""
        self._store = store
        self._clock = clock
        self._signing = signing
        self._last = last or LastReport()

    def signer(self) -> Signing:
        """The key that checkpoints are signed with; GatewayError UNAVAILABLE without it."""
        return signer_of(self._signing)

    def verify(self, kept: Iterable[Seal] = ()) -> Report:
        """Go over the whole trail.

        Args:
            kept: checkpoints that were kept elsewhere.

        Raises:
            GatewayError: UNAVAILABLE without the key; CONFLICT while another verification runs.
        """
        signer = self.signer()
        if not _ONE_AT_A_TIME.acquire(blocking=False):
            raise GatewayError(Kind.CONFLICT, BUSY)
        try:
            with self._store.read() as transaction:
                files = tuple(kept)
                found = _verified(transaction.audit_chain, files, signer, self._clock.now())
            if not files:
                self._last.report = found
            return found
        finally:
            _ONE_AT_A_TIME.release()

    def lately(self) -> Report:
        """What the last verification found, if it is of the last hour; else that of a new one.

        Raises:
            GatewayError: as ``verify``; no CONFLICT where there is an older one to tell.
        """
        known = self._last.report
        if known is not None and self._clock.now() - known.at < LATELY:
            return known
        try:
            return self.verify()
        except GatewayError as error:
            if known is None or error.kind is not Kind.CONFLICT:
                raise
            return known


def _verified(chain: Chain, kept: Sequence[Seal], signer: Signing, now: datetime) -> Report:
    archives, false_archives = sorted_out(chain.seals(ARCHIVE), signer)
    checkpoints, false_checkpoints = sorted_out(chain.seals(CHECKPOINT), signer)
    others, false_others = sorted_out(kept, signer)
    elsewhere = {seal.sequence: seal for seal in others}
    begin = archives[-1] if archives else None
    start, previous = (begin.sequence + 1, begin.hash) if begin else (1, GENESIS)
    inspection = Inspection(start, previous, joined(checkpoints, elsewhere))
    for record in chain.links(after=start - 1):
        inspection.take(record)
    findings = [*inspection.findings(), *unseen(checkpoints, elsewhere)]
    findings += forged([*false_archives, *false_checkpoints, *false_others])
    first = start if inspection.count else 0
    last = inspection.place if inspection.count else 0
    youngest = checkpoints[-1] if checkpoints else None
    return Report(now, inspection.count, first, last, findings, youngest, start - 1)


def sorted_out(seals: Iterable[Seal], trusted: Trusting) -> tuple[list[Seal], list[Seal]]:
    """The genuine ones by sequence, and the others."""
    genuine: list[Seal] = []
    others: list[Seal] = []
    for seal in seals:
        (genuine if is_genuine(seal, trusted) else others).append(seal)
    return sorted(genuine, key=lambda seal: seal.sequence), others


def joined(seals: Sequence[Seal], others: Mapping[int, Seal]) -> list[Seal]:
    """Both by sequence, and both where they are about one number: they should say the same."""
    return sorted([*seals, *others.values()], key=lambda seal: seal.sequence)


def forged(seals: Iterable[Seal]) -> list[Finding]:
    """Seals that no trusted key signed."""
    return [Finding(seal.sequence, seal.sequence, Fault.FORGED) for seal in seals]

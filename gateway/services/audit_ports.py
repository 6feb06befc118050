"""What the audit asks of the world (product 8): the trail, its chain, and a key to sign with."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from gateway.records import AuditQuestion, AuditRecord, AuditTag, Seal
from gateway.records.chain import Link


class AuditTrail(Protocol):
    """Append-only; each record follows the one before in a chain of hashes."""

    def append(self, record: AuditRecord) -> None: ...
    def append_all(self, records: Iterable[AuditRecord]) -> None:
        """GatewayError MALFORMED for a record that holds what is no JSON or no Unicode."""
        ...

    def query(
        self,
        *,
        organisation: str | None = None,
        target: str | None = None,
        tag: AuditTag | None = None,
        after: int = 0,
        limit: int = 100,
    ) -> Sequence[AuditRecord]:
        """Ordered by sequence."""
        ...

    def count(self, tag: AuditTag, target: str, outcome: str, since: datetime) -> int:
        """How many records there are of this kind about ``target`` with this outcome, after then."""
        ...

    def find(self, question: AuditQuestion, limit: int = 100) -> Sequence[AuditRecord]:
        """Ordered by sequence, as the question says."""
        ...


class Chain(Protocol):
    """The trail as it is hashed, whole whoever asks, and what was signed of it."""

    def links(self, *, after: int = 0, upto: int | None = None) -> Iterator[Link]:
        """Every record after number ``after``, by its number, as it is stored."""
        ...

    def last(self) -> tuple[int, str]:
        """Number and hash of the last record."""
        ...

    def last_before(self, moment: datetime) -> int:
        """Number of the last record before the first one that is of ``moment`` or later."""
        ...

    def seals(self, kind: str) -> Sequence[Seal]:
        """By sequence."""
        ...

    def last_seal(self, kind: str) -> Seal | None: ...
    def add_seal(self, seal: Seal) -> None: ...
    def remove(self, upto: int, limit: int) -> int:
        """Remove archived records, ``limit`` at most; returns how many."""
        ...


class Trusting(Protocol):
    """Keys that signatures are held against."""

    def verify(self, name: str, message: bytes, signature: str) -> bool:
        """Whether the key of that name is trusted and signed the message."""
        ...


class Signing(Trusting, Protocol):
    """``certs.signing.Signer`` as the services see it."""

    @property
    def name(self) -> str: ...
    @property
    def public(self) -> bytes:
        """The public key in PEM."""
        ...

    def sign(self, message: bytes) -> str: ...

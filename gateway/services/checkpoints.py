"""Checkpoints of the audit trail (product 8, T26): number and hash of its last record, signed.

Whoever can write the database can write a new chain from any record on, and it will hold. What was signed
before says otherwise: the key is not in the database, and each checkpoint is told outside as well, as a line
of the log and of a file. Between two checkpoints the end of the trail can be cut off without a trace, so the
pause is short.
"""

import json
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from gateway.records import CHECKPOINT, Seal
from gateway.records.chain import moment
from gateway.services.audit_ports import Chain, Signing
from gateway.services.audit_seals import sealed, signer_of
from gateway.services.ports import Clock, Store

PAUSE = timedelta(minutes=1)
"""Between two checkpoints, where there is anything new."""

RECORDS = 1000
"""New records after which there is one at once."""

_log = logging.getLogger("usher.audit")


class Checkpoints:
    """Writes checkpoints; any process may, any time."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        signing: Callable[[], Signing],
        outside: Callable[[str], None] | None = None,
    ) -> None:
        """``outside`` keeps a line of text where the database is not."""
        self._store = store
        self._clock = clock
        self._signing = signing
        self._outside = outside

    def round(self) -> Seal | None:
        """Write one where it is due.

        Raises:
            GatewayError: UNAVAILABLE without the key or the database.
            OSError: it cannot be kept outside; it is in the database then.
        """
        with self._store.read() as transaction:
            if not self._due(transaction.audit_chain):
                return None
        signer = signer_of(self._signing)
        with self._store.write() as transaction:
            chain = transaction.audit_chain
            before = chain.last_seal(CHECKPOINT)
            sequence, hashed = chain.last()
            count = sequence - (before.sequence if before else 0)
            if count <= 0:
                return None
            seal = sealed(Seal(CHECKPOINT, sequence, hashed, self._clock.now(), count), signer)
            chain.add_seal(seal)
        self._tell(seal)
        return seal

    def _due(self, chain: Chain) -> bool:
        before, (sequence, _) = chain.last_seal(CHECKPOINT), chain.last()
        fresh = sequence - (before.sequence if before else 0)
        late = before is None or self._clock.now() >= before.at + PAUSE
        return fresh >= RECORDS or (fresh > 0 and late)

    def _tell(self, seal: Seal) -> None:
        document = as_document(seal)
        _log.info("audit checkpoint", extra=document)
        if self._outside is not None:
            self._outside(json.dumps(document))


def as_document(seal: Seal) -> dict[str, Any]:
    """A seal as a JSON object, in the log and in files."""
    return {
        "kind": seal.kind,
        "sequence": seal.sequence,
        "hash": seal.hash,
        "at": moment(seal.at),
        "count": seal.count,
        "key": seal.key,
        "signature": seal.signature,
    }

"""Requests under a key: made again they do nothing again, and are answered as before (product 7.3).

A key is taken in a transaction of its own before the work begins, and the answer is written down after it
ended. Between the two a process may die, and then nobody knows what was done: such a key never runs a second
time. What was refused has changed nothing and frees its key.
"""

import hmac
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256

from gateway.errors import GatewayError, Kind
from gateway.records.repetitions import KeptRequest
from gateway.services.ports import Clock, Store

KEPT = timedelta(hours=24)
"""How long a key is remembered."""

LONGEST = timedelta(minutes=15)
"""No request takes longer; an older one without an answer has lost its process."""

BODY_LIMIT = 1024 * 1024
"""Octets of an answer that is kept."""

FIELD = "Idempotency-Key"
OTHER = "This key was used for another request."
RUNNING = "The first request with this key has not ended yet."
ELSEWHERE = (
    "The first request with this key runs in another process, or ended with it: look whether it was done."
)
UNKNOWN = "The first request with this key ended without an answer: look whether it was done."
SHOWN_ONCE = "The first request with this key was done; its answer was shown once and is not kept."


class StillRunning(GatewayError):
    """The first request with this key has not ended: to come again helps."""

    def __init__(self, fault: str = RUNNING) -> None:
        super().__init__(Kind.CONFLICT, fault, faults={FIELD: fault})


class Repetitions:
    """The keyed requests of one process."""

    def __init__(self, store: Store, clock: Clock, life: str) -> None:
        """``life``: a name for this process that none had before."""
        self._store = store
        self._clock = clock
        self._life = life
        self._running: set[tuple[str, str]] = set()

    def begin(self, principal: str, key: str, request: bytes) -> KeptRequest | None:
        """Take a key: None when the work is to be done now, or the answer of when it was.

        Raises:
            GatewayError: CONFLICT for a key of another request, of one that runs (``StillRunning``), of one
                whose outcome nobody knows, and of one whose answer is not kept.
        """
        now, named, asked = self._clock.now(), _named(key), _asked(key, request)
        with self._store.write() as transaction:
            known = transaction.repetitions.get(principal, named)
            if known is not None and known.created_at > now - KEPT:
                return self._known(known, asked, now)
            transaction.repetitions.remove(principal, named)
            transaction.repetitions.add(KeptRequest(principal, named, asked, self._life, now))
            self._running.add((principal, named))
        return None

    def end(self, principal: str, key: str, status: int, media_type: str, body: bytes | None) -> None:
        """Keep the answer of what was done."""
        named = _named(key)
        kept = body if body is not None and len(body) <= BODY_LIMIT else None
        with self._store.write() as transaction:
            known = transaction.repetitions.get(principal, named)
            if known is not None:
                done = replace(known, status=status, media_type=media_type, body=kept)
                transaction.repetitions.save(done)

    def free(self, principal: str, key: str) -> None:
        """Forget a key whose request was refused."""
        with self._store.write() as transaction:
            transaction.repetitions.remove(principal, _named(key))

    def let_go(self, principal: str, key: str) -> None:
        """The request runs no longer, however it ended; what has no answer by now never gets one."""
        self._running.discard((principal, _named(key)))

    def prune(self) -> int:
        """Remove what is older than a day; returns how many."""
        with self._store.write() as transaction:
            return transaction.repetitions.prune(self._clock.now() - KEPT)

    def _known(self, known: KeptRequest, asked: str, now: datetime) -> KeptRequest:
        if known.request != asked:
            raise _conflict(OTHER)
        if known.status == 0:
            raise self._unanswered(known, now)
        if known.body is None:
            raise _conflict(SHOWN_ONCE)
        return known

    def _unanswered(self, known: KeptRequest, now: datetime) -> GatewayError:
        """Of this process it is known whether it runs; one of another node is given its time."""
        if known.life != self._life and known.created_at > now - LONGEST:
            return StillRunning(ELSEWHERE)
        if (known.principal, known.key) in self._running:
            return StillRunning()
        return _conflict(UNKNOWN)


def _conflict(fault: str) -> GatewayError:
    return GatewayError(Kind.CONFLICT, fault, faults={FIELD: fault})


def _named(key: str) -> str:
    return sha256(key.encode()).hexdigest()


def _asked(key: str, request: bytes) -> str:
    """Bound to the key, which is kept nowhere: a request may hold a password, and a plain digest of it would
    let whoever reads the database guess that (T28)."""
    return hmac.digest(key.encode(), request, "sha256").hex()

"""Calls that were refused for want of a permission or of the second factor, in the trail (product 8; T25).

An act that a service refuses is recorded by ``Acts``; these never came to a service. Whoever asks in a loop
must not fill the trail: of one asker and one route a record is written at most once a minute, and the next
one says how many there were in between. Who asks has signed in and routes are few, so records are bounded.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from gateway.errors import GatewayError
from gateway.records import Actor, AuditRecord, AuditTag
from gateway.services.ports import Clock, Store

EVERY = timedelta(minutes=1)
KEPT = 4096
"""Pairs of asker and route that are remembered; the one that was refused longest ago is forgotten first."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was asked for in vain.

    Attributes:
        route: method and path with its parameters by name: what was typed may be anything.
        organisation: as it stood in the path, id or alias; empty for none.
        permission: the one that was missing, or whose use was not confirmed.
        why: as the asker was told.
    """

    actor: Actor
    route: str
    organisation: str
    permission: str
    why: str


@dataclass(slots=True)
class _Told:
    at: datetime
    untold: int = 0


class Refusals:
    """Of one process."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._told: OrderedDict[tuple[str, str], _Told] = OrderedDict()
        self._lock = Lock()

    def note(self, refusal: Refusal) -> bool:
        """Record it, or count it towards the next record; returns whether it was recorded.

        Raises:
            GatewayError: UNAVAILABLE; the refusal is counted then.
        """
        now = self._clock.now()
        untold = self._due(refusal, now)
        if untold is None:
            return False
        try:
            self._record(refusal, now, untold)
        except GatewayError:
            self._forget(refusal)
            raise
        return True

    def _due(self, refusal: Refusal, now: datetime) -> int | None:
        """How many were not told since the last record; None where this is one of them."""
        key = _key(refusal)
        with self._lock:
            told = self._told.pop(key, None)
            if told is not None and abs(now - told.at) < EVERY:
                told.untold += 1
                self._told[key] = told
                return None
            self._told[key] = _Told(now)
            while len(self._told) > KEPT:
                self._told.popitem(last=False)
        return told.untold if told is not None else 0

    def _forget(self, refusal: Refusal) -> None:
        with self._lock:
            self._told.pop(_key(refusal), None)

    def _record(self, refusal: Refusal, now: datetime, untold: int) -> None:
        with self._store.write() as transaction:
            home = transaction.directory.organisation(refusal.organisation) if refusal.organisation else None
            transaction.audit.append(
                AuditRecord(
                    tag=AuditTag.ACT_REFUSED,
                    at=now,
                    actor=refusal.actor,
                    organisation=home.id if home else "",
                    target=refusal.route,
                    after={"permission": refusal.permission, "untold_before": untold},
                    outcome=f"refused: {refusal.why}",
                )
            )


def _key(refusal: Refusal) -> tuple[str, str]:
    return refusal.actor.credential or refusal.actor.name, refusal.route

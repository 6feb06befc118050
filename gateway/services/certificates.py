"""That a certificate expires soon is told once for each step nearer (product 9.1, 7.9): the trail itself says
what was told already, so neither a restart nor a second node tells it again.
"""

from datetime import datetime, timedelta

from gateway.records import Actor, AuditTag
from gateway.services.acts import Act, Acts, Entry
from gateway.services.events import single
from gateway.services.ports import Clock, Store, Transaction

STEPS = ((timedelta(0), "expired"), (timedelta(days=7), "7 days"), (timedelta(days=30), "30 days"))
"""How long it is good for yet, and what is said then; the nearest first."""

_SYSTEM = Actor("system", "certificate check")


class CertificateNotes:
    """Notes what is about to expire."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._acts = Acts(store, clock)

    def note(self, name: str, serial: str, good_until: datetime) -> bool:
        """Look at one certificate; True where there was something new to tell.

        Args:
            name: of its file. serial: tells it from the one that will take its place.
        """
        step = step_of(good_until - self._clock.now())
        if not step:
            return False
        said = {"serial": serial, "within": step, "good_until": good_until.isoformat()}
        with self._store.read() as transaction:
            if _last(transaction, name) == (serial, step):
                return False

        def work(entry: Entry) -> bool:
            if _last(entry.transaction, name) == (serial, step):
                return False
            entry.record(after=said)
            return True

        why = "It has expired." if step == STEPS[0][1] else f"It expires within {step}."
        return self._acts.perform(Act(AuditTag.CERTIFICATE_EXPIRING, _SYSTEM, "", name, why), work)


def step_of(left: timedelta) -> str:
    """What is said of a certificate that is good for ``left``, empty for nothing."""
    return next((words for within, words in STEPS if left <= within), "")


def _last(transaction: Transaction, name: str) -> tuple[str, str] | None:
    """Serial number and step that were told last of this file."""
    told = transaction.places.last_told(AuditTag.CERTIFICATE_EXPIRING, name)
    record = single(transaction, told) if told else None
    return None if record is None else (str(record.after.get("serial")), str(record.after.get("within")))

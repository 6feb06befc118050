"""What a browser was asked and may answer once, within five minutes (product 7.7; T24).

Kept in the database, so that the answer may come to another node than the question did, and by digest, so
that a row answers nothing.
"""

from collections.abc import Mapping
from datetime import timedelta

from gateway.records import NOTHING
from gateway.records.passkeys import Purpose, Question
from gateway.services.drawn_secrets import digest_of
from gateway.services.ports import Clock, Store

GOOD_FOR = timedelta(minutes=5)
STRANGERS = 10_000
"""Questions that strangers may have open: who asks for more pushes the oldest out, and no sign-in."""


class Questions:
    """Asked and taken, on the whole store."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def ask(
        self, purpose: Purpose, shown: str, holder: str = "", content: Mapping[str, str] = NOTHING
    ) -> None:
        """Keep a question; ``shown`` is what its answer will have to show."""
        now = self._clock.now()
        with self._store.write() as transaction:
            transaction.questions.prune(now)
            question = Question(digest_of(shown), purpose, holder, now + GOOD_FOR, dict(content))
            transaction.questions.add(question, STRANGERS)

    def take(self, purpose: Purpose, shown: str, holder: str = "") -> Question | None:
        """The question that is answered; None where it is too old, was answered, or was another's."""
        with self._store.write() as transaction:
            found = transaction.questions.take(digest_of(shown))
        if found is None or (found.purpose, found.holder) != (purpose, holder):
            return None
        return found if self._clock.now() < found.ends_at else None

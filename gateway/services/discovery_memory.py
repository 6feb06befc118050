"""What discovery answered lately (issue 3, numbers): no thread and no database for a question asked before.

An outcome rests on the directory alone, so it holds until the change feed speaks of the organisation that it
rests on, and in any case no longer than ``AGE_S``, which keeps a grant that another node made well within its
minute (product 1). While the feed is silent nothing here is believed. Memory only and not thread-safe on
purpose: everything here runs on the event loop's thread.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from autodiscover.model import NotFound, Outcome, Question
from gateway.records import Change, Scope
from gateway.services.discovery import Finding, Signed

AGE_S = 30.0
"""Half of the minute within which a new permission must show."""

MAXIMUM_FOUND = 20_000
"""Outcomes of one process, about 1 KiB each: more clients than set themselves up within ``AGE_S``."""

MAXIMUM_UNKNOWN = 2_000
"""Questions about nobody, apart, so that made-up names cannot push out the real ones."""

MAXIMUM_QUESTION = 512
"""Characters: a longest address and a longest domain. What is longer asks for nobody and is not kept: whoever
may sign in could fill the memory with bodies otherwise."""

Key = tuple[str, str, Question]
_NOTHING_HERE = (Scope.DEVICE, Scope.POLICY, Scope.RULES)


@dataclass(slots=True)
class _Held:
    outcome: Outcome
    until: float
    organisation: str


class DiscoveryMemory:
    """Outcomes by asker and question.

    Args:
        trusted: whether the change feed can be believed at a time.
        now: monotonic seconds.
    """

    def __init__(
        self,
        trusted: Callable[[float], bool],
        now: Callable[[], float],
        *,
        maximum: int = MAXIMUM_FOUND,
        maximum_unknown: int = MAXIMUM_UNKNOWN,
    ) -> None:
        self._trusted = trusted
        self._now = now
        self._found: OrderedDict[Key, _Held] = OrderedDict()
        self._unknown: OrderedDict[Key, _Held] = OrderedDict()
        self._room = {id(self._found): maximum, id(self._unknown): maximum_unknown}
        self._by_organisation: dict[str, set[Key]] = {}
        self._heard = 0

    def get(self, question: Question, asker: Signed | None) -> Outcome | None:
        """What was found, None for what must be looked up."""
        now = self._now()
        key = _key(question, asker)
        held = self._found.get(key) or self._unknown.get(key)
        if held is None or now >= held.until or not self._trusted(now):
            return None
        return held.outcome

    def mark(self) -> int:
        """The present place in the change feed, to be taken before the directory is read for ``put``."""
        return self._heard

    def put(self, question: Question, asker: Signed | None, finding: Finding, mark: int) -> None:
        """Remember ``finding``, unless a change heard since ``mark`` may have made it old already."""
        if mark != self._heard or _length(question) > MAXIMUM_QUESTION:
            return
        key = _key(question, asker)
        self._forget(key)
        shelf = self._unknown if isinstance(finding.outcome, NotFound) else self._found
        shelf[key] = _Held(finding.outcome, self._now() + AGE_S, finding.organisation)
        self._by_organisation.setdefault(finding.organisation, set()).add(key)
        if len(shelf) > self._room[id(shelf)]:
            self._forget(next(iter(shelf)))

    def drop(self, changes: Iterable[Change]) -> None:
        """Forget whatever ``changes`` may have made wrong: all that rests on their organisations, and all
        that rests on no single one. Devices and policies change nothing here."""
        concerned = {change.organisation for change in changes if change.scope not in _NOTHING_HERE}
        if not concerned:
            return
        self._heard += 1
        for organisation in (*concerned, ""):
            for key in tuple(self._by_organisation.get(organisation, ())):
                self._forget(key)

    def clear(self) -> None:
        """Forget everything: the feed lost its place."""
        self._found.clear()
        self._unknown.clear()
        self._by_organisation.clear()
        self._heard += 1

    def _forget(self, key: Key) -> None:
        held = self._found.pop(key, None) or self._unknown.pop(key, None)
        if held is None:
            return
        keys = self._by_organisation[held.organisation]
        keys.discard(key)
        if not keys:
            del self._by_organisation[held.organisation]

    def __len__(self) -> int:
        return len(self._found) + len(self._unknown)


def _length(question: Question) -> int:
    return len(question.address) + len(question.legacy_dn) + len(question.domain)


def _key(question: Question, asker: Signed | None) -> Key:
    if question.domain or asker is None:
        return "", "", question
    return asker.organisation, asker.user, question

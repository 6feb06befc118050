"""Questions of discovery to outcomes: from memory, else from the directory in a thread (house.md 2)."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol, TypeVar

from autodiscover.model import Outcome, Question
from gateway.services.discovery import Finding, Signed
from gateway.services.discovery_memory import DiscoveryMemory

T = TypeVar("T")


class InThread(Protocol):
    """Runs a synchronous call in the bounded thread pool."""

    async def __call__(self, call: Callable[[], T], /) -> T: ...


class DiscoveryAnswers:
    """Answers what the memory knows at once, and asks ``look_up`` for the rest in one go."""

    def __init__(
        self,
        look_up: Callable[[Sequence[Question], Signed | None], Sequence[Finding]],
        in_thread: InThread,
        memory: DiscoveryMemory,
    ) -> None:
        self._look_up = look_up
        self._in_thread = in_thread
        self._memory = memory

    async def __call__(self, questions: Sequence[Question], asker: Signed | None) -> tuple[Outcome, ...]:
        """One outcome for each question; raises what ``look_up`` and ``in_thread`` raise."""
        memory = self._memory
        known = [memory.get(question, asker) for question in questions]
        missing = [index for index, outcome in enumerate(known) if outcome is None]
        if missing:
            mark = memory.mark()
            asked = [questions[index] for index in missing]
            findings = await self._in_thread(partial(self._look_up, asked, asker))
            for index, finding in zip(missing, findings, strict=True):
                memory.put(questions[index], asker, finding, mark)
                known[index] = finding.outcome
        return tuple(outcome for outcome in known if outcome is not None)

"""What must be so still when a change is made: a lost update is refused (product 7.3; RFC 9110 13.1.1).

Whoever asks for a change may say what it was that they saw. Only the writer can tell whether it is so still:
writers come one after the other on either database, so what is compared within the writer's transaction
cannot be changed by anybody before that transaction ends. The condition travels with the call, not through
the signatures of all services; ``services.acts`` asks it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class Condition:
    """Asked in the transaction of the first change of a call; what that call changes afterwards is its own.

    Args:
        require: returns when all is as it was seen, raises GatewayError CHANGED when it is not. It is called
            with a writer's transaction open, so it may read on a connection of its own and write nothing.
    """

    def __init__(self, require: Callable[[], None]) -> None:
        self._require = require
        self._met = False

    def ask(self) -> None:
        """Raises GatewayError CHANGED; a transaction that is tried anew is asked anew."""
        if not self._met:
            self._require()

    def met(self) -> None:
        """The first change is committed."""
        self._met = True


_UNCONDITIONAL = Condition(lambda: None)
_present: ContextVar[Condition] = ContextVar("usher_condition", default=_UNCONDITIONAL)


def present() -> Condition:
    """The condition of the call under way."""
    return _present.get()


@contextmanager
def on(condition: Condition) -> Iterator[None]:
    """Let every change within the block, threads that are started from it included, depend on it."""
    before = _present.set(condition)
    try:
        yield
    finally:
        _present.reset(before)


@contextmanager
def off() -> Iterator[None]:
    """Let nothing within the block depend on anything."""
    with on(_UNCONDITIONAL):
        yield

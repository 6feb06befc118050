"""How an accident or a refusal crosses the shell (house.md 6).

A service raises ``GatewayError(kind, public, cause)`` and nothing else. ``endpoints.rendering`` is the only
place where a kind becomes bytes; what is not a GatewayError is INTERNAL: an empty public text, the full cause
in the log under the request id. A policy outcome is never an exception: it is a value of ``mdm``.
"""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType


class Kind(Enum):
    """What went wrong, in terms of what the asker can do about it."""

    MALFORMED = "malformed"
    UNSUPPORTED = "unsupported"
    TOO_LARGE = "too large"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    UNCONFIRMED = "unconfirmed"
    NOT_FOUND = "not found"
    CONFLICT = "conflict"
    CHANGED = "changed since it was read"
    THROTTLED = "throttled"
    UNAVAILABLE = "unavailable"
    BACKEND_DOWN = "backend down"
    BACKEND_SLOW = "backend slow"
    INTERNAL = "internal"


class GatewayError(Exception):
    """An error with a public half, which the asker reads, and a private half, which the log keeps.

    Attributes:
        kind: what the asker can do about it.
        public: text for the asker; holds no secret and no internal name.
        faults: field name to fault, where several fields are wrong at once.
    """

    def __init__(self, kind: Kind, public: str = "", *, faults: Mapping[str, str] | None = None) -> None:
        super().__init__(public or kind.value)
        self.kind = kind
        self.public = public
        self.faults: Mapping[str, str] = MappingProxyType(dict(faults or {}))


def malformed(field: str, fault: str) -> GatewayError:
    """The refusal of what one field holds."""
    return GatewayError(Kind.MALFORMED, fault, faults={field: fault})


class LostRace(GatewayError):
    """A CONFLICT with somebody who wrote at the same time: the same act may succeed when it is tried anew."""

    def __init__(self, public: str = "It was changed by somebody else at the same time.") -> None:
        super().__init__(Kind.CONFLICT, public)

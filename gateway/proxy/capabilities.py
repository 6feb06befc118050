"""What a backend says it can do: the two lists of its OPTIONS answer (MS-ASHTTP 2.2.3.2, spec 1.2).

Learnt from any authenticated OPTIONS, kept for five minutes, and kept longer while the backend cannot be
asked: a phone that asks during an outage must not be told that the server can do nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from mdm.ashttp import Version, version
from mdm.errors import QueryError

LIFETIME_S = 300.0


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Versions we know in rising order, and commands in the backend's own order."""

    versions: tuple[Version, ...]
    commands: tuple[str, ...]


def read(headers: Mapping[str, str]) -> Capabilities | None:
    """The lists of an OPTIONS answer; None when it has not both, which no ActiveSync server leaves out."""
    versions, commands = headers.get("MS-ASProtocolVersions"), headers.get("MS-ASProtocolCommands")
    if versions is None or commands is None:
        return None
    known = {found for text in versions.split(",") if (found := _known(text.strip())) is not None}
    named = dict.fromkeys(name for text in commands.split(",") if (name := text.strip()).isalpha())
    return Capabilities(tuple(sorted(known)), tuple(named)) if known else None


def _known(text: str) -> Version | None:
    try:
        return version(text)
    except QueryError:
        return None


class Learnt:
    """The last lists of one backend."""

    __slots__ = ("_at", "last")

    def __init__(self) -> None:
        self.last: Capabilities | None = None
        self._at = 0.0

    def learn(self, capabilities: Capabilities, now: float) -> None:
        """``now``: seconds of the loop's clock."""
        self.last = capabilities
        self._at = now

    def fresh(self, now: float) -> Capabilities | None:
        """The lists, if they are younger than ``LIFETIME_S``."""
        return self.last if now - self._at < LIFETIME_S else None

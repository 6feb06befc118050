"""Connections on which nobody has signed in yet: few in all, fewer for one address (T20, T21).

Half-open connections cost nothing but their number, and a guesser has as many as the kernel lets through. A
connection counts here from its acceptance to the first right credential, so parked phones, however many share
an address, do not. Where there are too many, the one that has been idle longest is cut to make room: whoever
signs in at once is never the one. Only where all of them are busy is the new one turned away. One request at
a time is all that a connection carries, so this also bounds what strangers ask at once.

Each worker counts its own. A front proxy's connections are not counted: it has limits of its own, and all the
world behind one address. A TLS handshake under way is bounded by its time alone (``header_timeout_s``).
"""

from collections.abc import Iterable
from ipaddress import ip_address
from typing import Protocol

from gateway.config import Limits, Network
from gateway.services.throttle import network_of


class Newcomer(Protocol):
    """A connection on which nobody has signed in yet."""

    @property
    def idle(self) -> bool:
        """True while no request is being answered."""
        ...

    def expire(self) -> None:
        """End it."""
        ...


class Newcomers:
    """The connections of one worker that are to prove themselves.

    Args:
        exempt: networks whose connections are not counted.
    """

    def __init__(self, limits: Limits, exempt: Iterable[Network] = ()) -> None:
        self._most = limits.newcomers
        self._most_of_one = limits.newcomers_per_address
        self._exempt = tuple(exempt)
        self._lines: dict[Newcomer, str] = {}
        self._of_line: dict[str, dict[Newcomer, None]] = {}

    def __len__(self) -> int:
        return len(self._lines)

    def admit(self, connection: Newcomer, address: str) -> bool:
        """Count a connection from ``address``, empty for a unix socket; False when it has to be turned
        away."""
        if not address or self._is_exempt(address):
            return True
        line = network_of(address)
        mine = self._of_line.get(line, {})
        if len(mine) >= self._most_of_one and not self._make_room(mine):
            return False
        if len(self._lines) >= self._most and not self._make_room(self._lines):
            return False
        self._lines[connection] = line
        self._of_line.setdefault(line, {})[connection] = None
        return True

    def leave(self, connection: Newcomer) -> None:
        """The connection has proved itself, or is gone; may be called again."""
        line = self._lines.pop(connection, None)
        if line is None:
            return
        mine = self._of_line[line]
        del mine[connection]
        if not mine:
            del self._of_line[line]

    def _make_room(self, crowd: Iterable[Newcomer]) -> bool:
        oldest = next((each for each in crowd if each.idle), None)
        if oldest is None:
            return False
        self.leave(oldest)
        oldest.expire()
        return True

    def _is_exempt(self, address: str) -> bool:
        parsed = ip_address(address.partition("%")[0])
        return any(parsed in network for network in self._exempt)

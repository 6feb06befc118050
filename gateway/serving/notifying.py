"""What systemd is told (sd_notify(3)): that we serve, that we stop, and that the supervisor still turns.

A datagram to a socket whose name the environment has; without one nothing is said. The watchdog is about the
supervisor alone: a worker that dies is its business.
"""

import contextlib
import socket
from collections.abc import MutableMapping

SOCKET, WATCHDOG = "NOTIFY_SOCKET", "WATCHDOG_USEC"
NEVER_S = 3600.0


class Notifier:
    """Says a word to the service manager.

    Attributes:
        every_s: longest pause between two signs of life; half of what systemd waits for one.
    """

    def __init__(self, address: str = "", watchdog_s: float = 0.0) -> None:
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self.every_s = watchdog_s / 2 if watchdog_s > 0 and address else NEVER_S

    @classmethod
    def taken_from(cls, environ: MutableMapping[str, str]) -> "Notifier":
        """Read and remove what the manager has put there: no child is to speak for us."""
        address, limit = environ.pop(SOCKET, ""), environ.pop(WATCHDOG, "")
        return cls(address, int(limit) / 1e6 if limit.isdecimal() else 0.0)

    def ready(self) -> None:
        """Every worker serves."""
        self._say("READY=1\nSTATUS=Serving")

    def alive(self) -> None:
        """A sign of life."""
        if self.every_s < NEVER_S:
            self._say("WATCHDOG=1")

    def stopping(self) -> None:
        """No new connection is taken."""
        self._say("STOPPING=1\nSTATUS=Waiting for what is under way")

    def _say(self, words: str) -> None:
        if not self._address:
            return
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.settimeout(1.0)  # a manager that reads nothing must not stop the service
            sock.sendto(words.encode("ascii"), self._address)

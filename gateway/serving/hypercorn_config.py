"""Hypercorn's settings, with every default that does not fit a gateway replaced.

Its ``Server`` header tells a stranger what to attack and is added on top of the backend's; after 1,000
requests it closes a connection, parked Pings of a front proxy's pool included; its ``Date`` is formatted
for every answer (research/perf.md 8.10). Its ``read_timeout`` stays unset: it would fire during a parked
Ping (8.5).
"""

import logging
import sys
import time
from email.utils import formatdate

from hypercorn.config import Config as HypercornConfig

from gateway.config import Limits, Listen


class ServerConfig(HypercornConfig):
    """What ``H11Protocol`` and ``HTTPStream`` read of a Hypercorn configuration.

    Attributes:
        limits: ours, for the parts of the server that are ours.
    """

    alpn_protocols = ["http/1.1"]  # noqa: RUF012 - Hypercorn's own declaration
    include_server_header = False
    keep_alive_max_requests = sys.maxsize
    accesslog = None
    errorlog = logging.getLogger("usher.hypercorn")

    def __init__(self, limits: Limits, backlog: int = Listen().backlog) -> None:
        self.limits = limits
        self.backlog = backlog
        self.h11_max_incomplete_size = limits.header_bytes
        self._second = 0
        self._headers: list[tuple[bytes, bytes]] = []

    def response_headers(self, protocol: str) -> list[tuple[bytes, bytes]]:  # noqa: ARG002 - Hypercorn's signature
        """``Date`` alone, formatted once a second."""
        second = int(time.time())
        if second != self._second:
            self._second = second
            self._headers = [(b"date", formatdate(second, usegmt=True).encode("ascii"))]
        return self._headers

"""One connection, octets out, octets in: requests that no decent client would write."""

import asyncio
import re
import ssl
from collections.abc import Iterator
from typing import NamedTuple

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Raw(NamedTuple):
    """What came back before the other side closed or fell silent: whole answers, one after the other."""

    octets: bytes

    @property
    def statuses(self) -> list[int]:
        """HTTP status of each answer, interim ones included; empty for a connection that was just closed."""
        return [status for status, _ in _answers(self.octets)]

    @property
    def status(self) -> int | None:
        """The first status that is no interim one."""
        return next((status for status in self.statuses if status >= 200), None)

    @property
    def whole(self) -> bool:
        """Whether the last answer is there to its end."""
        found = list(_answers(self.octets))
        return bool(found) and found[-1][0] >= 200 and found[-1][1]


def _answers(octets: bytes) -> Iterator[tuple[int, bool]]:
    """Status of each answer, and whether all of its body is there."""
    while octets.startswith(b"HTTP/1."):
        head, end, rest = octets.partition(b"\r\n\r\n")
        length = LENGTH.search(head)
        octets = rest[int(length[1]) :] if length else b""
        yield int(head.split(b" ", 2)[1]), bool(end) and (length is None or len(rest) >= int(length[1]))


async def send(
    port: int,
    request: bytes,
    *,
    tls: ssl.SSLContext | None = None,
    name: str | None = None,
    quiet_s: float = 1.0,
    after_s: float = 0.1,
) -> Raw:
    """Write ``request`` and read until the other side closes, or says nothing for a while.

    Args:
        quiet_s: how long to wait for an answer. after_s: how long for more of them after a whole one.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls, server_hostname=name)
    got = b""
    try:
        writer.write(request)
        while data := await asyncio.wait_for(reader.read(65536), after_s if Raw(got).whole else quiet_s):
            got += data
    except (TimeoutError, ConnectionError, ssl.SSLError):
        pass
    finally:
        writer.transport.abort()
    return Raw(got)

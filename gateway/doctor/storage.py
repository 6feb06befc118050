"""Does what stands in front of ActiveSync pass bytes as they come, or store them first (nginx/README.md)?

Requests: a POST without credentials announces a body and sends its first octet only. A server that looks at
the head first answers 401 at once; through a proxy that stores requests nothing comes until the body is
whole. So the first octet of the answer tells, and a slow line cannot be taken for a proxy: the rest of the
body is sent only after patience, and what is compared is before and after.

Answers: Usher is asked for one that begins a second before it ends (``gateway.endpoints.drip``). What counts
is the time between its beginning and its end as they arrive here. No other server has such an answer; there
nothing can be said.
"""

import asyncio
import ssl
from collections.abc import Sequence
from contextlib import suppress
from urllib.parse import urlsplit

from gateway.doctor.observations import Storage
from gateway.doctor.requests import NAME

PATIENCE_SECONDS = 2.0
"""After which an answer to the head alone is not expected any more."""
END_SECONDS = 5.0
BODY = bytes(64)
DRIP_SECONDS = 0.9
"""A little less than the slow answer takes."""
_DRIP = (
    "GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {agent}\r\nX-Usher-Drip: 1\r\n"
    "Connection: close\r\n\r\n"
)
_HEAD = (
    "POST {path}?Cmd=FolderSync&User=probe&DeviceId=USHERDOCTOR&DeviceType=UsherDoctor HTTP/1.1\r\n"
    "Host: {host}\r\nUser-Agent: {agent}\r\nMS-ASProtocolVersion: 14.1\r\n"
    "Content-Type: application/vnd.ms-sync.wbxml\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
)


async def requests(
    url: str,
    addresses: Sequence[str],
    port: int,
    tls: ssl.SSLContext,
    *,
    patience_s: float = PATIENCE_SECONDS,
    end_s: float = END_SECONDS,
) -> Storage:
    """Whether requests to ``url`` are stored; UNKNOWN where nothing answers in either case."""
    for address in addresses:
        with suppress(OSError, TimeoutError):
            return await _asked((url, address, port), tls, patience_s, end_s)
    return Storage.UNKNOWN


async def responses(url: str, addresses: Sequence[str], port: int, tls: ssl.SSLContext) -> Storage:
    """Whether answers from ``url`` are stored; UNKNOWN for a server that has no slow answer."""
    for address in addresses:
        with suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
            return await _timed((url, address, port), tls)
    return Storage.UNKNOWN


async def _timed(where: tuple[str, str, int], tls: ssl.SSLContext) -> Storage:
    url, address, port = where
    parts, clock = urlsplit(url), asyncio.get_running_loop().time
    async with asyncio.timeout(PATIENCE_SECONDS + END_SECONDS):
        reader, writer = await asyncio.open_connection(
            address, port, ssl=tls, server_hostname=parts.hostname or ""
        )
        try:
            began = clock()
            writer.write(_DRIP.format(path=parts.path, host=parts.netloc, agent=NAME).encode("ascii"))
            await reader.readexactly(1)
            first = clock()
            await reader.read(-1)
            return _weigh(first - began, clock() - first)
        finally:
            writer.close()


def _weigh(before_s: float, between_s: float) -> Storage:
    """From the seconds before the beginning and those from there to the end."""
    if between_s >= DRIP_SECONDS / 2:
        return Storage.PASSES
    return Storage.STORES if before_s >= DRIP_SECONDS else Storage.UNKNOWN


async def _asked(
    where: tuple[str, str, int], tls: ssl.SSLContext, patience_s: float, end_s: float
) -> Storage:
    url, address, port = where
    parts = urlsplit(url)
    async with asyncio.timeout(patience_s + 2 * end_s):
        reader, writer = await asyncio.open_connection(
            address, port, ssl=tls, server_hostname=parts.hostname or ""
        )
        head = _HEAD.format(path=parts.path, host=parts.netloc, agent=NAME, length=len(BODY))
        try:
            writer.write(head.encode("ascii") + BODY[:1])
            await writer.drain()
            if await _answers(reader, patience_s):
                return Storage.PASSES
            writer.write(BODY[1:])
            await writer.drain()
            return Storage.STORES if await _answers(reader, end_s) else Storage.UNKNOWN
        finally:
            writer.close()


async def _answers(reader: asyncio.StreamReader, within_s: float) -> bool:
    """Whether the head of an answer begins in time; the end of the connection is none."""
    try:
        async with asyncio.timeout(within_s):
            return (await reader.read(5)).startswith(b"HTTP/")
    except TimeoutError:
        return False

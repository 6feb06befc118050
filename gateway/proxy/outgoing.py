"""One request to a URL that somebody typed, or that a stranger named (product 7.7, 7.9; security.md T27): a
webhook's, an identity provider's.

The name is resolved once, every address that it has is judged, and the connection goes to those and no
others: a name that leads elsewhere a moment later leads nowhere. No redirect is followed, nothing is read
from the environment, no cookie is kept, and no more of an answer is read than a stranger may make us read.
"""

import asyncio
import os
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from yarl import URL

from gateway.pinned import Pinned
from gateway.records.targets import Target, forbidden, read_target

TIMEOUT_S = 10.0
"""For everything together: name, connection, TLS, request and answer."""

LARGEST_ANSWER = 64 * 1024
"""Octets of an answer to a webhook that are read; a longer one is cut off, and its status counts."""

AGENT = "Usher-Webhook"

LookUp = Callable[[str, int], Awaitable[Sequence[str]]]
"""Name and port to the addresses of the name."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent whither."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of a request.

    Attributes:
        status: of HTTP, 0 without an answer.
        error: in words, why it is no success.
        body: no more of it than was to be read.
    """

    status: int
    error: str = ""
    body: bytes = field(default=b"", repr=False, compare=False)


async def system_look_up(host: str, port: int) -> Sequence[str]:
    """The addresses of a name as this machine knows them."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class Outgoing:
    """Asks strangers.

    Args:
        ca_file: authorities that are trusted beside this machine's own.
    """

    def __init__(self, ca_file: Path | None = None, look_up: LookUp = system_look_up) -> None:
        """Raises OSError and ssl.SSLError where ``ca_file`` cannot be used."""
        self._look_up = look_up
        self._trust = ssl.create_default_context()
        if ca_file is not None:
            self._trust.load_verify_locations(cafile=ca_file)

    async def post(
        self,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        *,
        allow_private: bool = False,
        timeout_s: float = TIMEOUT_S,
    ) -> Answered:
        """Send a webhook's ``body`` and wait for the answer's end; never raises for what the other side
        does."""
        sent = {"Content-Type": "application/json", "User-Agent": AGENT, **headers}
        request = Request("POST", url, sent, body)
        return await self.ask(request, allow_private=allow_private, timeout_s=timeout_s)

    async def ask(
        self,
        request: Request,
        *,
        allow_private: bool = False,
        timeout_s: float = TIMEOUT_S,
        largest: int = LARGEST_ANSWER,
    ) -> Answered:
        """Send a request and wait for the answer's end, or for ``largest`` octets of it; never raises for
        what the other side does."""
        try:
            async with asyncio.timeout(timeout_s):
                target = read_target(request.url, allow_private=allow_private)
                addresses = await self._judged(target, allow_private=allow_private)
                return await self._asked(target, addresses, request, largest)
        except _Refused as error:
            return Answered(0, str(error))
        except TimeoutError:
            return Answered(0, f"no answer within {timeout_s:g} s")
        except ValueError as error:
            return Answered(0, str(error)[:200])

    async def _judged(self, target: Target, *, allow_private: bool) -> Sequence[str]:
        try:
            addresses = await self._look_up(target.host, target.port)
        except (OSError, UnicodeError) as error:
            raise _Refused("the name has no address") from error
        for address in addresses:
            if why := forbidden(address, allow_private=allow_private):
                raise _Refused(f"the name leads to an address that {why}")
        if not addresses:
            raise _Refused("the name has no address")
        return addresses

    async def _asked(
        self, target: Target, addresses: Sequence[str], request: Request, largest: int
    ) -> Answered:
        connector = aiohttp.TCPConnector(
            resolver=Pinned(addresses),
            ssl=self._trust if target.secure else True,
            force_close=True,
            use_dns_cache=False,
        )
        try:
            async with (
                aiohttp.ClientSession(
                    connector=connector,
                    cookie_jar=aiohttp.DummyCookieJar(),
                    auto_decompress=False,
                    skip_auto_headers=("Accept", "Accept-Encoding"),
                    timeout=aiohttp.ClientTimeout(total=None),
                    trust_env=False,
                ) as session,
                session.request(
                    request.method,
                    URL(target.url, encoded=True),
                    data=request.body,
                    headers=request.headers,
                    allow_redirects=False,
                ) as response,
            ):
                return await _read(response, largest)
        except aiohttp.ClientConnectorCertificateError as error:
            return Answered(0, f"its certificate is not trusted: {error.certificate_error}"[:200])
        except (aiohttp.ClientError, OSError) as error:
            return Answered(0, _words(error))


async def _read(response: aiohttp.ClientResponse, largest: int) -> Answered:
    """An answer counts when it is whole, or longer than anybody needs it."""
    body = bytearray()
    try:
        while len(body) <= largest and (piece := await response.content.read(largest)):
            body += piece
    except (aiohttp.ClientError, OSError) as error:
        return Answered(0, f"its answer broke off: {_words(error)}")
    if 300 <= response.status < 400:
        return Answered(response.status, "it redirects, which is not followed")
    if not 200 <= response.status < 300:
        return Answered(response.status, f"it answers {response.status}")
    return Answered(response.status, body=bytes(body))


class _Refused(Exception):
    """Nothing was sent."""


def _words(error: Exception) -> str:
    """An error of the network without what the other side may have said in it."""
    inner = getattr(error, "os_error", error)
    number = getattr(inner, "errno", None)
    return os.strerror(number) if number else type(inner).__name__

"""One HTTP request to a name as a stranger would send it; what went wrong is a value (product 2.5, 2.6).

The addresses come from the given Resolver and the connection is pinned to the one that answered, so that a
check sees the names as the public does. With TLS the chain is looked at first, on a connection of its own: a
client says only that verification failed, an administrator needs to know of what, and no header, which may
hold a password, is sent before the server has proven its name. Redirects are answers here. A body is read up
to a limit, since a stranger's server may send for ever.
"""

import asyncio
import errno
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from certs.errors import CertificateError
from certs.names import as_address
from certs.served import PIECE, handshake
from gateway.chance import SystemClock
from gateway.pinned import Pinned
from gateway.probes.answers import Chain, Fetched, Reason, Timings, Unreachable, words
from gateway.probes.dns import Resolver
from gateway.probes.trust import context, distrust, roots

LARGEST_BODY = 256 * 1024
"""Bytes of an answer that are read: autoconfig and profiles are below 20 KiB."""
MOST_ADDRESSES = 4
TIMEOUT_S = 10.0
_NOT_ADDED = ("Accept", "Accept-Encoding", "User-Agent", "Content-Type")
_PORTS = {"https": 443, "http": 80}


async def fetch(
    resolver: Resolver,
    url: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    body: bytes = b"",
    ca: Path | None = None,
    timeout_s: float = TIMEOUT_S,
) -> Fetched | Unreachable:
    """Send one request and follow nothing.

    Args:
        url: http or https, with a port where it is another than the usual.
        ca: trust the authorities of this PEM file and no others; None for this machine's.
        timeout_s: for everything together.

    Raises:
        CertificateError, OSError: ``ca`` cannot be used.
        ValueError: ``url`` is none.
    """
    errand = _Errand(resolver, url, ca, timeout_s)
    try:
        async with asyncio.timeout(timeout_s):
            return await errand.run(method, list(_pairs(headers)), body)
    except TimeoutError:
        return errand.failed(Reason.TIMEOUT)


class _Failed(Exception):
    def __init__(self, reason: Reason, detail: str = "", **more: Any) -> None:
        super().__init__(detail)
        self.reason, self.detail, self.more = reason, detail, more


class _Errand:
    """One request on its way: what is known so far, for the answer or for the failure."""

    def __init__(self, resolver: Resolver, url: str, ca: Path | None, timeout_s: float) -> None:
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError(f"{url!r} is neither an http nor an https URL")
        self._resolver, self._url, self._ca = resolver, url, ca
        self._secure = parts.scheme == "https"
        self._name, self._port = parts.hostname, parts.port or _PORTS[parts.scheme]
        self._roots = roots(ca) if self._secure else ()
        self._peer, self._chain = "", Chain()
        self._began, self._resolved, self._secured = time.monotonic(), 0.0, 0.0
        self._timeout_s = timeout_s

    def failed(self, reason: Reason, detail: str = "", **more: Any) -> Unreachable:
        text = detail or words(reason)
        return Unreachable(
            self._url, reason, text, peer=self._peer, timings=self._timings(), **{"chain": self._chain} | more
        )

    async def run(self, method: str, headers: list[tuple[str, str]], body: bytes) -> Fetched | Unreachable:
        try:
            address = await self._reachable(await self._look_up())
            return await self._request(address, method, headers, body)
        except _Failed as failure:
            return self.failed(failure.reason, failure.detail, **failure.more)

    async def _look_up(self) -> tuple[str, ...]:
        if as_address(self._name) is not None:
            return (self._name,)
        seen = await self._resolver.addresses(self._name)
        self._resolved = self._elapsed()
        if not seen.found:
            raise _Failed(Reason.NO_ADDRESS, f"no address: {seen.fact}", resolved=seen)
        return seen.values[:MOST_ADDRESSES]

    async def _reachable(self, addresses: tuple[str, ...]) -> str:
        """The first address that takes a connection; one that swallows packets has its share of the time."""
        refusal: _Failed | None = None
        for left, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
            try:
                async with asyncio.timeout((self._timeout_s - self._elapsed()) / left):
                    reader, writer = await asyncio.open_connection(address, self._port)
                    self._peer = address
                    await self._look_at(reader, writer)
                    return address
            except OSError as error:
                refusal = _Failed(_reason(error))
        raise refusal or _Failed(Reason.NO_ADDRESS)

    async def _look_at(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """With TLS, let nothing be sent before the certificate is good for the name."""
        try:
            if not self._secure:
                return
            self._chain = await self._sent(reader, writer)
        finally:
            writer.close()
        self._secured = self._elapsed()
        wrong = distrust(self._chain, self._name, self._roots, SystemClock().now())
        if wrong is not None:
            raise _Failed(*wrong)

    async def _sent(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Chain:
        steps = handshake(self._name)
        try:
            writer.write(next(steps))
            while True:
                writer.write(steps.send(await reader.read(PIECE)))
        except StopIteration as end:
            chain, last = end.value
            writer.write(last)
            with suppress(OSError):
                await writer.drain()
            return chain  # type: ignore[no-any-return]  # StopIteration.value has no type
        except CertificateError as error:
            raise _Failed(Reason.NOT_TLS, str(error)) from error

    async def _request(
        self, address: str, method: str, headers: list[tuple[str, str]], body: bytes
    ) -> Fetched:
        connector = aiohttp.TCPConnector(
            resolver=Pinned((address,)),
            ssl=context(self._ca) if self._secure else True,
            force_close=True,
            use_dns_cache=False,
        )
        session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=_NOT_ADDED,
            timeout=aiohttp.ClientTimeout(total=None),
        )
        try:
            async with (
                session,
                session.request(
                    method,
                    URL(self._url, encoded=True),
                    headers=headers,
                    data=body or None,
                    allow_redirects=False,
                ) as response,
            ):
                return await self._answer(response)
        except aiohttp.ClientConnectorCertificateError as error:
            raise _Failed(Reason.TLS_UNTRUSTED, str(error.certificate_error)) from error
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientPayloadError) as error:
            raise _Failed(Reason.RESET) from error
        except OSError as error:
            raise _Failed(_reason(error)) from error
        except (aiohttp.ClientError, ValueError) as error:
            raise _Failed(Reason.NOT_HTTP) from error

    async def _answer(self, response: aiohttp.ClientResponse) -> Fetched:
        body = b""
        while len(body) <= LARGEST_BODY and (piece := await response.content.read(LARGEST_BODY + 1)):
            body += piece
        return Fetched(
            self._url,
            response.status,
            tuple((key, value) for key, value in response.headers.items()),
            body[:LARGEST_BODY],
            cut=len(body) > LARGEST_BODY,
            chain=self._chain,
            peer=self._peer,
            timings=self._timings(),
        )

    def _timings(self) -> Timings:
        return Timings(self._resolved, self._secured, self._elapsed())

    def _elapsed(self) -> float:
        return time.monotonic() - self._began


def _pairs(headers: Mapping[str, str] | Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    return headers.items() if isinstance(headers, Mapping) else headers


def _reason(error: OSError) -> Reason:
    """aiohttp wraps the system's error, and several of them when there were several addresses."""
    inner = getattr(error, "os_error", error)
    if isinstance(inner, TimeoutError):
        return Reason.TIMEOUT
    if isinstance(inner, ConnectionRefusedError) or inner.errno == errno.ECONNREFUSED:
        return Reason.REFUSED
    if isinstance(inner, ConnectionError):
        return Reason.RESET
    return Reason.NO_ROUTE

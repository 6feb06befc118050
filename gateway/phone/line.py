"""The phone's side of the network: one aiohttp session, TLS that is really verified, and name overrides.

Written apart from ``gateway.proxy``, although both are aiohttp clients: the phone stands outside the
gateway and must see it as any stranger would.
"""

import asyncio
import socket
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from gateway.phone.errors import Unreachable
from mdm.ashttp import is_wbxml
from mdm.wbxml import Element, Limits, decode

ANSWER_LIMIT = 16 * 1024 * 1024
"""Octets of one answer that a phone keeps: more than any page of a Sync that it asks for."""
ANSWER_LIMITS = Limits(size=ANSWER_LIMIT, depth=32, nodes=1 << 18, opaque=ANSWER_LIMIT)
COMMAND_SECONDS = 60.0
"""How long a command other than a long poll may take; AOSP gives up after 30 s."""

Target = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    Attributes:
        http: HTTP status.
        headers: names in lower case; of a repeated header the last one.
        seconds: from the first octet sent to the last received.
    """

    http: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float

    @property
    def document(self) -> Element | None:
        """The WBXML body, None for an empty or another one.

        Raises:
            WBXMLError: the body says that it is WBXML and is not.
        """
        if not self.body or not is_wbxml(self.headers.get("content-type")):
            return None
        return decode(self.body, ANSWER_LIMITS)

    @property
    def status(self) -> int | None:
        """The Status directly below the root, in whatever code page that root lives, or None."""
        document = self.document
        for child in () if document is None else document.children:
            if isinstance(child, Element) and child.name == "Status":
                return int(child.text) if child.text.isdecimal() else None
        return None


class Overrides(AbstractResolver):
    """Name resolution with exceptions, like curl's ``--connect-to``: (host, port) to the address to dial."""

    def __init__(self, targets: Mapping[Target, Target]) -> None:
        self._targets = dict(targets)
        self._system = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Addresses of ``host``; where an exception names one, that address and port alone."""
        target = self._targets.get((host, port))
        if target is None:
            return await self._system.resolve(host, port, family)
        found = await self._system.resolve(target[0], target[1], family)
        return [ResolveResult(**{**one, "hostname": host}) for one in found]

    async def close(self) -> None:
        await self._system.close()


class Line:
    """One phone's connections; to be used as ``async with``.

    Attributes:
        tls: what the phone trusts. There is no way to switch verification off.
        connect_to: see ``Overrides``.
    """

    def __init__(self, tls: ssl.SSLContext, connect_to: Mapping[Target, Target] | None = None) -> None:
        self._tls = tls
        self._connect_to = connect_to or {}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(ssl=self._tls, resolver=Overrides(self._connect_to), limit=8)
        self._session = aiohttp.ClientSession(
            connector=connector, skip_auto_headers=("User-Agent", "Content-Type", "Accept")
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def ask(
        self,
        method: str,
        url: str,
        *,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
        seconds: float = COMMAND_SECONDS,
    ) -> Answer:
        """Send one request exactly as given, query included, and read the answer; follows nothing.

        Raises:
            Unreachable: no connection, no trust, no answer in time, or one beyond ``ANSWER_LIMIT``.
        """
        if self._session is None:
            raise RuntimeError("a Line is used inside 'async with'")
        timeout = aiohttp.ClientTimeout(total=seconds, connect=min(seconds, COMMAND_SECONDS))
        began = asyncio.get_running_loop().time()
        try:
            async with self._session.request(
                method,
                URL(url, encoded=True),
                headers=list(headers),
                data=body or None,
                timeout=timeout,
                allow_redirects=False,
            ) as response:
                return await _answer(response, began)
        except TimeoutError as error:
            raise Unreachable(f"no answer from {URL(url).host} within {seconds:.0f} s") from error
        except (aiohttp.ClientError, OSError) as error:
            raise Unreachable(_reason(error, URL(url).host or url)) from error


async def _answer(response: aiohttp.ClientResponse, began: float) -> Answer:
    body = b""
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > ANSWER_LIMIT:
            raise Unreachable("the answer is larger than a phone would keep")
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status, headers, body, asyncio.get_running_loop().time() - began)


def _reason(error: Exception, host: str) -> str:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"the certificate of {host} is not trusted: {error.certificate_error}"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"{host} has no address"
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"{host} takes no connection"
    return f"{host}: {error}" if str(error) else f"{host}: {type(error).__name__}"

"""The connections to one backend: pool, limits, TLS, circuit breaker and login probe (product 1, 3.5, 3.6).

aiohttp with everything off that a proxy must not do: no decompression, no cookies, no redirects, no headers
of its own, no overall timeout (``race`` has the clock). The URL is built from parts that are canonical
already; parsing it anew would cost every request 2 us and could change what the device's query says. Bodies
that flow have a connection each, which is nothing beside them: none of theirs is ever kept in doubt.
"""

import asyncio
import ssl
from collections.abc import AsyncIterable
from enum import Enum

import aiohttp
from yarl import URL

from gateway.config import Backend, Credentials
from gateway.proxy.backends import Identity, Route
from gateway.proxy.breaker import Breaker
from gateway.proxy.capabilities import LIFETIME_S, Capabilities, Learnt, read
from gateway.proxy.headers import Pairs
from gateway.proxy.latency import Latency
from gateway.proxy.race import Clock, Ending, Lost
from gateway.proxy.wire import READ_BUFFER, Answer, Wire

KEEPALIVE_S = 4.0
"""Below Apache's five seconds: a POST that meets a connection being closed is lost, and may not be
repeated."""

PROBE_S = 15.0
"""A login probe's time; a phone's user is waiting."""

DNS_S = 60
_NOT_ADDED = ("Accept", "Accept-Encoding", "User-Agent", "Content-Type")

Body = bytes | AsyncIterable[bytes]


class LoginAnswer(Enum):
    """What a backend says of a name and password."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNAVAILABLE = "unavailable"


class Upstream:
    """One backend's connections in one process. Make it in a running loop; close it there.

    Attributes:
        route: where the backend is and how it is asked.
        breaker: whether it counts as down.
        clock: looks at the exchanges with this backend.
        learnt: what it last said it can do.
    """

    __slots__ = (
        "_challenges_at",
        "_flows",
        "_loop",
        "_probing",
        "_session",
        "_wire",
        "breaker",
        "clock",
        "latency",
        "learnt",
        "route",
    )

    def __init__(self, route: Route) -> None:
        config = route.config
        self.route = route
        self.breaker = Breaker()
        self.clock = Clock()
        self.learnt = Learnt()
        self.latency = Latency()
        self._loop = asyncio.get_running_loop()
        self._probing = asyncio.Lock()
        self._challenges_at: float | None = None
        tls = _tls(route)
        self._session = _session(
            config,
            aiohttp.TCPConnector(
                limit=config.connections + config.long_polls,
                keepalive_timeout=KEEPALIVE_S,
                ttl_dns_cache=DNS_S,
                ssl=tls,
            ),
        )
        self._flows = _session(
            config,
            aiohttp.TCPConnector(limit=config.connections, force_close=True, ttl_dns_cache=DNS_S, ssl=tls),
        )
        origin = f"{route.scheme}://{route.authority}"
        self._wire = Wire(self._session, origin, config.connect_timeout_s, tls)

    async def close(self) -> None:
        """Close every connection."""
        self._wire.close()
        await self._session.close()
        await self._flows.close()
        self.clock.stop()

    async def open(self, method: str, target: str, headers: Pairs, body: Body) -> Answer:
        """Send a request; returns when the answer's head is there. Whoever calls closes the answer.

        Raises:
            Lost: DOWN when there is no connection to be had, BAD when what comes over it is no HTTP answer.
        """
        if self.breaker.failures and not self.breaker.admits(self._loop.time()):
            raise Lost(Ending.DOWN)
        try:
            if isinstance(body, bytes):
                answer: Answer = await self._wire.ask(method, target, headers, body)
            else:
                answer = await self._flow(method, target, headers, body)
        except (aiohttp.ClientConnectorError, TimeoutError) as error:
            self.breaker.failed(self._loop.time())
            raise Lost(Ending.DOWN) from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise Lost(Ending.BAD) from error
        if self.breaker.failures:
            self.breaker.succeeded()
        return answer

    async def _flow(
        self, method: str, target: str, headers: Pairs, body: AsyncIterable[bytes]
    ) -> aiohttp.ClientResponse:
        path, _, query = target.partition("?")
        route = self.route
        url = URL.build(
            scheme=route.scheme, authority=route.authority, path=path, query_string=query, encoded=True
        )
        return await self._flows.request(method, url, headers=headers, data=body, allow_redirects=False)

    async def check_login(self, username: str, password: str) -> LoginAnswer:
        """Whether the backend lets this name and password in, by an OPTIONS in their name (MS-ASHTTP 2.2.3).

        Accepted only with both ActiveSync lists in the answer, and only by a backend that turns away who
        shows
        nothing: one that challenges nobody, or trusts a header, vouches for nobody.
        """
        if self.route.config.credentials is Credentials.TRUSTED:
            return LoginAnswer.UNAVAILABLE
        try:
            if not await self._challenges():
                return LoginAnswer.UNAVAILABLE
            status, found = await self._options(self.route.credentials(Identity.of(username), password))
        except Lost:
            return LoginAnswer.UNAVAILABLE
        if status in (401, 403):
            return LoginAnswer.REJECTED
        return LoginAnswer.ACCEPTED if status == 200 and found is not None else LoginAnswer.UNAVAILABLE

    async def capabilities(self, credentials: tuple[tuple[str, str], ...]) -> Capabilities | None:
        """What the backend can do, asked in the name of whoever wants to know; None when it never said.

        When it cannot be asked its last answer holds.
        """
        known = self.learnt.fresh(self._loop.time())
        if known is not None:
            return known
        async with self._probing:
            if self.learnt.fresh(self._loop.time()) is None:
                try:
                    await self._options(credentials)
                except Lost:
                    return self.learnt.last
        return self.learnt.last

    async def _challenges(self) -> bool:
        now = self._loop.time()
        if self._challenges_at is None or now - self._challenges_at >= LIFETIME_S:
            status, _ = await self._options(())
            self._challenges_at = now if status in (401, 403) else None
        return self._challenges_at is not None

    async def _options(self, credentials: tuple[tuple[str, str], ...]) -> tuple[int, Capabilities | None]:
        try:
            async with asyncio.timeout(PROBE_S):
                response = await self.open("OPTIONS", self.route.path, list(credentials), b"")
        except TimeoutError as error:
            raise Lost(Ending.SLOW) from error
        status, found = response.status, read(response.headers)
        response.close()
        if credentials and status == 200 and found is not None:
            self.learnt.learn(found, self._loop.time())
        return status, found


def _tls(route: Route) -> ssl.SSLContext | bool:
    if route.scheme != "https":
        return True
    config = route.config
    if not config.verify:
        return False
    return ssl.create_default_context(cafile=config.ca_file)


def _session(config: Backend, connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        skip_auto_headers=_NOT_ADDED,
        read_bufsize=READ_BUFFER,
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=config.connect_timeout_s),
    )

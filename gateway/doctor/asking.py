"""The doctor's questions to the network: through ``gateway.probes``, each made once (product 2.6).

In a lab, https and http may live on other ports than 443 and 80; reports show the addresses as clients write
them. The password travels over verified TLS only, and to a server only after it has asked for Basic.
"""

import asyncio
import base64
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar
from urllib.parse import urljoin, urlsplit, urlunsplit

from autodiscover.observation import Observed
from gateway.doctor.observations import Hop, Page, Silence, Stop, Trail, Trouble
from gateway.doctor.requests import Request
from gateway.probes.answers import Fetched, Reason, Unreachable
from gateway.probes.dns import Resolver
from gateway.probes.fetch import fetch

ANSWER_SECONDS = 8.0
"""For one answer; Thunderbird gives up after 5 s, Outlook later."""
MAXIMUM_HOPS = 10
SUFFIXES = ("/autodiscover.xml", "/autodiscover.svc")

Tell = Callable[[str], None]
K = TypeVar("K")
T = TypeVar("T")

_TROUBLES: Mapping[Reason, Trouble] = {
    Reason.NO_ADDRESS: Trouble.NO_ADDRESS,
    Reason.REFUSED: Trouble.REFUSED,
    Reason.NO_ROUTE: Trouble.UNREACHABLE,
    Reason.TIMEOUT: Trouble.TIMEOUT,
    Reason.RESET: Trouble.BROKEN,
    Reason.NOT_HTTP: Trouble.BROKEN,
    Reason.NOT_TLS: Trouble.HANDSHAKE,
    Reason.TLS_NAME: Trouble.NAME_MISMATCH,
    Reason.TLS_EXPIRED: Trouble.EXPIRED,
    Reason.TLS_SELF_SIGNED: Trouble.SELF_SIGNED,
    Reason.TLS_UNTRUSTED: Trouble.UNTRUSTED,
    Reason.TLS_INCOMPLETE: Trouble.MISSING_INTERMEDIATE,
    Reason.TLS_WEAK: Trouble.UNTRUSTED,
}


@dataclass(frozen=True, slots=True)
class Ways:
    """How the network is reached.

    Attributes:
        ca: PEM file to trust in place of this machine's authorities.
    """

    ca: Path | None = None
    https_port: int = 443
    http_port: int = 80


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who signs in."""

    login: str
    password: str = field(repr=False)

    @property
    def header(self) -> str:
        """Basic, in UTF-8 as phones write it."""
        return "Basic " + base64.b64encode(f"{self.login}:{self.password}".encode()).decode()


class Once(Resolver):
    """A resolver that asks each question once, whoever has it."""

    def __init__(self, inner: Resolver) -> None:
        super().__init__()
        self._inner = inner
        self._asked: dict[tuple[str, str], asyncio.Future[Observed]] = {}

    async def ask(self, name: str, rdtype: str) -> Observed:
        """As the resolver behind has it."""
        key = (name.lower().rstrip("."), rdtype)
        return await _once(self._asked, key, lambda: self._inner.ask(name, rdtype))


class Asker:
    """Asks web servers; ``tell`` hears of every question."""

    def __init__(self, resolver: Resolver, ways: Ways, tell: Tell) -> None:
        self.resolver = resolver
        self.ways = ways
        self._tell = tell
        self._asked: dict[tuple[object, ...], asyncio.Future[Hop]] = {}

    async def hop(self, url: str, request: Request, credentials: Credentials | None = None) -> Hop:
        """One request to ``url``; the same one is sent only once."""
        headers = dict(request.headers)
        key = (request.method, url, tuple(headers.items()), request.body, credentials is not None)
        return await _once(self._asked, key, lambda: self._send(url, request, credentials))

    async def trail(self, url: str, request: Request, credentials: Credentials | None = None) -> Trail:
        """One request with its redirects, as far as a sensible client follows; never from https to http."""
        hops: list[Hop] = []
        while True:
            hop = await self.hop(url, request, credentials)
            hops.append(hop)
            if not isinstance(hop, Page) or not hop.redirects:
                return Trail(tuple(hops))
            target = target_of(hop)
            if (stop := refusal(hop, target, [each.url for each in hops])) is not None:
                return Trail(tuple(hops), stop)
            url = target

    async def _send(self, url: str, request: Request, credentials: Credentials | None) -> Hop:
        headers = {**request.headers, "Host": urlsplit(url).netloc}
        if credentials is not None and urlsplit(url).scheme == "https":
            headers["Authorization"] = credentials.header
        self._tell(f"{request.method} {url}")
        try:
            found = await fetch(
                self.resolver,
                self.dialled(url),
                method=request.method,
                headers=headers,
                body=request.body,
                ca=self.ways.ca,
                timeout_s=ANSWER_SECONDS,
            )
        except ValueError:
            return Silence(request.method, url, Trouble.BROKEN, "this is no address of a server")
        if isinstance(found, Unreachable):
            return _silence(request.method, url, found)
        return replace(_page(request.method, url, found), signed_in="Authorization" in headers)

    def dialled(self, url: str) -> str:
        """The URL with the lab's port, where it names none itself."""
        parts = urlsplit(url)
        usual = self.ways.https_port if parts.scheme == "https" else self.ways.http_port
        if parts.port is not None or usual in (443, 80):
            return url
        return urlunsplit(parts._replace(netloc=f"{parts.netloc.rpartition('@')[2]}:{usual}"))


def target_of(page: Page) -> str:
    """Where a redirect leads; empty when nowhere, as with letters that no Location may have."""
    if not (page.location.isascii() and page.location.isprintable()):
        return ""
    try:
        return urljoin(page.url, page.location) if page.location else ""
    except ValueError:
        return ""


def refusal(page: Page, target: str, visited: list[str]) -> Stop | None:
    """Why a client does not follow this redirect; None when it does."""
    if not target:
        return Stop.NO_LOCATION
    if urlsplit(target).scheme != "https" or not urlsplit(target).hostname:
        return Stop.NOT_HTTPS
    asked, offered = urlsplit(page.url).path.lower(), urlsplit(target).path.lower()
    if asked.endswith(SUFFIXES) and not offered.endswith(asked[-4:]):
        return Stop.WRONG_SUFFIX if offered.endswith(SUFFIXES) else Stop.NOT_AUTODISCOVER
    if asked.endswith(SUFFIXES) and not offered.endswith(SUFFIXES):
        return Stop.NOT_AUTODISCOVER
    if target in visited:
        return Stop.LOOP
    return Stop.TOO_MANY if len(visited) > MAXIMUM_HOPS else None


def _page(method: str, url: str, found: Fetched) -> Page:
    names = {name.lower() for name, _ in found.headers}
    headers = {name: ", ".join(found.all(name)) for name in names}
    until = found.chain[0].not_valid_after_utc if found.chain else None
    return Page(method, url, found.status, headers, found.body, until=until, seconds=found.timings.total)


def _silence(method: str, url: str, found: Unreachable) -> Silence:
    trouble = _TROUBLES[found.reason]
    leaf = found.chain[0] if found.chain else None
    if trouble is Trouble.EXPIRED and leaf is not None and "only from" in found.detail:
        trouble = Trouble.NOT_YET
    return Silence(method, url, trouble, found.detail)


async def _once(asked: dict[K, asyncio.Future[T]], key: K, make: Callable[[], Awaitable[T]]) -> T:
    """The result of the first call with this key; an accident goes to everybody who waits."""
    if key not in asked:
        asked[key] = asyncio.ensure_future(make())
    return await asyncio.shield(asked[key])

"""AutoDiscover as phones do it: POX mobilesync, phase by phase (MS-ASCMD 2.2.1.1, MS-OXDISCO 3.1.5).

A request that carries the password goes over https and nowhere else. Phase 3 asks port 80 without
credentials, and only a redirect to https counts there as an answer.
"""

import base64
from collections.abc import Callable
from urllib.parse import urljoin, urlsplit

from autodiscover.errors import DiscoveryError
from autodiscover.xmltext import Element, parse, serialize
from gateway.phone.errors import NotConfigured, Unreachable
from gateway.phone.identity import Identity
from gateway.phone.line import Answer, Line

REQUEST_SCHEMA = "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/requestschema/2006"
RESPONSE_SCHEMA = "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006"
PATH = "/autodiscover/autodiscover.xml"
MAXIMUM_REDIRECTS = 5
"""Redirects of either kind before a phone gives up; TbSync stops at as many."""
DISCOVERY_SECONDS = 20.0
"""For one request: the next phase may still succeed."""

Tell = Callable[[str], None]


class Discovery:
    """One walk through the phases for one identity; ``tell`` hears of every attempt."""

    def __init__(self, identity: Identity, line: Line, tell: Tell) -> None:
        self._identity = identity
        self._line = line
        self._tell = tell
        self._attempts: list[str] = []
        self._redirects = 0

    async def server(self) -> str:
        """The ActiveSync URL.

        Raises:
            NotConfigured: with all attempts.
        """
        address = self._identity.address
        while True:
            found = await self._phases(address)
            if found is None or self._redirects > MAXIMUM_REDIRECTS:
                raise NotConfigured(self._identity.address, tuple(self._attempts))
            if not found.startswith("mailto:"):
                return found
            address = found.removeprefix("mailto:")
            self._note(f"start again as {address}")

    async def _phases(self, address: str) -> str | None:
        domain = address.rpartition("@")[2]
        for host in (domain, f"autodiscover.{domain}"):
            found = await self._ask(f"https://{host}{PATH}", address)
            if found is not None:
                return found
        return await self._ask_port_80(f"http://autodiscover.{domain}{PATH}", address)

    async def _ask(self, url: str, address: str) -> str | None:
        if urlsplit(url).scheme != "https":
            self._note(f"{url}: no password without https")
            return None
        try:
            answer = await self._line.ask(
                "POST", url, headers=self._headers(), body=request(address), seconds=DISCOVERY_SECONDS
            )
        except Unreachable as error:
            self._note(f"{url}: {error}")
            return None
        if answer.http in (301, 302, 303, 307, 308):
            return await self._follow(url, answer, address)
        return self._understand(url, answer)

    async def _ask_port_80(self, url: str, address: str) -> str | None:
        try:
            answer = await self._line.ask("GET", url, seconds=DISCOVERY_SECONDS)
        except Unreachable as error:
            self._note(f"{url}: {error}")
            return None
        if answer.http not in (301, 302, 303, 307, 308):
            self._note(f"{url}: HTTP {answer.http}, no redirect")
            return None
        return await self._follow(url, answer, address)

    async def _follow(self, url: str, answer: Answer, address: str) -> str | None:
        target = urljoin(url, answer.headers.get("location", ""))
        self._redirects += 1
        self._note(f"{url}: redirects to {target}")
        return None if self._redirects > MAXIMUM_REDIRECTS else await self._ask(target, address)

    def _understand(self, url: str, answer: Answer) -> str | None:
        if answer.http != 200:
            self._note(f"{url}: HTTP {answer.http}")
            return None
        try:
            found, said = understand(answer.body)
        except DiscoveryError:
            found, said = None, "no AutoDiscover answer"
        if found is not None and found.startswith("mailto:"):
            self._redirects += 1
        self._note(f"{url}: {said}")
        return found

    def _headers(self) -> list[tuple[str, str]]:
        return [
            ("Authorization", basic(self._identity)),
            ("Content-Type", "text/xml; charset=utf-8"),
            ("User-Agent", self._identity.user_agent),
        ]

    def _note(self, attempt: str) -> None:
        self._attempts.append(attempt)
        self._tell(attempt)


def basic(identity: Identity) -> str:
    """The Authorization header, in UTF-8 as phones write it."""
    return "Basic " + base64.b64encode(f"{identity.user}:{identity.password}".encode()).decode()


def request(address: str) -> bytes:
    """The mobilesync request for an address."""
    wanted = Element(
        "Request",
        REQUEST_SCHEMA,
        (
            Element("EMailAddress", REQUEST_SCHEMA, (address,)),
            Element("AcceptableResponseSchema", REQUEST_SCHEMA, (RESPONSE_SCHEMA,)),
        ),
    )
    return serialize(Element("Autodiscover", REQUEST_SCHEMA, (wanted,)))


def understand(body: bytes) -> tuple[str | None, str]:
    """The server's URL, ``mailto:`` and another address, or None; and what to say about it.

    Raises:
        DiscoveryError: the body is no small, plain XML document.
    """
    root = parse(body)
    url = _mobile_sync(root)
    if url is not None:
        return url, f"the server is {url}"
    redirect = _text(root, "Response", "Action", "Redirect")
    if redirect:
        return f"mailto:{redirect}", f"ask for {redirect} instead"
    code = _text(root, "Response", "Error", "ErrorCode") or _text(
        root, "Response", "Action", "Error", "Status"
    )
    return None, f"error {code}" if code else "an answer without a server"


def _mobile_sync(root: Element) -> str | None:
    for server in _walk(root, "Response", "Action", "Settings", "Server"):
        if _text(server, "Type") == "MobileSync" and (url := _text(server, "Url")):
            return url
    return None


def _walk(root: Element, *names: str) -> tuple[Element, ...]:
    level: tuple[Element, ...] = (root,)
    for name in names:
        level = tuple(child for element in level for child in element.findall(name))
    return level


def _text(root: Element, *names: str) -> str:
    found = _walk(root, *names)
    return found[0].text if found else ""

"""What every request meets first: strict form, a request id, a body limit and its access line.

Pure ASGI, one pass over the headers, no copy of the scope (research/perf.md 8.4 and 8.9: Hypercorn's own
proxy middleware copies it and trusts any peer). Two servers that read one request differently are a
smuggled request, so what is ambiguous is refused: both framings at once, a header twice that may stand
once, a target that is no plain path (T14, T15, T20). An early refusal need not read the body: the
connection does (serving.connection).
"""

import asyncio
import itertools
import logging
import re
import secrets
import time
from collections.abc import Awaitable, Callable, MutableMapping
from functools import lru_cache
from ipaddress import ip_address
from typing import Any, NamedTuple

from gateway.config import Limits, Network, is_address
from gateway.errors import GatewayError, Kind
from gateway.log import AccessLog, Trace

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

TRACE = "usher.trace"
"""Key of the scope under which the request's ``gateway.log.Trace`` is found."""

HOST, LENGTH, CODING, FORWARDED, ENCODING = 1, 2, 4, 8, 16
SINGLE = {
    b"host": HOST,
    b"content-length": LENGTH,
    b"transfer-encoding": CODING,
    b"content-encoding": ENCODING,
    b"authorization": 32,
    b"content-type": 64,
    b"x-ms-policykey": 128,
    b"ms-asprotocolversion": 256,
    b"ms-asacceptmultipart": 512,
    b"expect": 1024,
    b"user-agent": 2048,
    b"x-forwarded-for": FORWARDED,
}
"""Headers that may stand once: framing, identity and protocol; X-Forwarded-For may be a list of lists."""

TRICKS = re.compile(
    rb"//|/\.\.?(?:/|$)|[;\\\x00-\x20\x7f-\xff#]|%(?:2[5ef]|3b|5c|[01][0-9a-f]|7f)|%(?![0-9a-f]{2})",
    re.IGNORECASE,
)
AUTHORITY = re.compile(rb"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?")

_logger = logging.getLogger("usher.request")


class Refusal(NamedTuple):
    """Why a request is not looked at further: HTTP status and a word for the log."""

    status: int
    why: str


class Guard:
    """The outermost application of every listener.

    Attributes:
        active: requests under way; a stopping worker waits until there are none.
        answered: how many requests ended with each command, verdict and HTTP status (``/metrics``).
    """

    def __init__(
        self, app: App, limits: Limits, trusted_proxies: tuple[Network, ...], access: AccessLog
    ) -> None:
        self.active = 0
        self.answered: dict[tuple[str, str, int], int] = {}
        self._app = app
        self._quiet: asyncio.Event | None = None
        self._max_body = limits.max_body_bytes
        self._access = access
        self._prefix = secrets.token_hex(4)
        self._numbers = itertools.count(1)
        self._trusted = lru_cache(maxsize=4096)(_membership(trusted_proxies))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            raise ValueError(f"no {scope['type']} here")
        refusal, seen, forwarded = examine(scope, self._max_body)
        trace = Trace(f"{self._prefix}{next(self._numbers):x}", self._client(scope, forwarded))
        scope[TRACE] = trace
        exchange = _Exchange(trace, send, receive, self._max_body)
        began = time.perf_counter()
        self.active += 1
        try:
            if refusal is not None:
                trace.verdict = refusal.why
                await exchange.refuse(refusal.status)
            else:
                await exchange.run(self._app, scope, measured=bool(seen & CODING))
        finally:
            self.active -= 1
            if self._quiet is not None and not self.active:
                self._quiet.set()
            kind = trace.command, trace.verdict, exchange.status
            try:
                self.answered[kind] += 1
            except KeyError:
                self.answered[kind] = 1
            if self._access.enabled:
                self._access.record(trace, exchange.status, exchange.sent, time.perf_counter() - began)

    async def quiet(self) -> None:
        """Wait until no request is under way."""
        self._quiet = asyncio.Event()
        if self.active:
            await self._quiet.wait()

    def _client(self, scope: Scope, forwarded: bytes) -> str:
        """The asker's address: the peer, or behind trusted proxies the last address none of them has."""
        peer: str = scope["client"][0] if scope["client"] else ""
        if not forwarded or not self._trusted(peer):
            return peer
        for item in reversed(forwarded.decode("latin-1").split(",")):
            address = item.strip()
            if not is_address(address):
                return peer
            if not self._trusted(address):
                scope["client"] = (address, 0)
                return address
        return peer


def examine(scope: Scope, max_body: int) -> tuple[Refusal | None, int, bytes]:
    """Judge the head of a request in one pass.

    Returns:
        why it is refused, or None; which headers of ``SINGLE`` it has; its X-Forwarded-For.
    """
    seen = 0
    length = encoding = forwarded = host = b""
    for name, value in scope["headers"]:
        bit = SINGLE.get(name)
        if bit is None:
            continue
        if seen & bit and bit != FORWARDED:
            return Refusal(400, f"twice: {name.decode('latin-1')}"), seen, b""
        seen |= bit
        if bit == HOST:
            host = value
        elif bit == LENGTH:
            length = value
        elif bit == FORWARDED:
            forwarded = forwarded + b"," + value if forwarded else value
        elif bit == ENCODING:
            encoding = value
    if seen & CODING and (seen & LENGTH or scope["http_version"] == "1.0"):
        return Refusal(400, "two framings"), seen, forwarded
    if length and int(length) > max_body:
        return Refusal(413, "body too large"), seen, forwarded
    if encoding and encoding.lower() != b"identity":
        return Refusal(415, "encoded body"), seen, forwarded
    return _target(scope, host if seen & HOST else None), seen, forwarded


def _target(scope: Scope, host: bytes | None) -> Refusal | None:
    path: bytes = scope["raw_path"]
    if not path.startswith(b"/") or TRICKS.search(path):
        return Refusal(400, "no plain path")
    if scope["http_version"] not in ("1.1", "1.0"):
        return Refusal(505, "HTTP version")
    if host is not None and not AUTHORITY.fullmatch(host):
        return Refusal(400, "no host name")
    return None


class _Exchange:
    """One request and what has been sent for it."""

    __slots__ = ("_max_body", "_receive", "_received", "_send", "_trace", "sent", "status")

    def __init__(self, trace: Trace, send: Send, receive: Receive, max_body: int) -> None:
        self.status = 0
        self.sent = 0
        self._trace = trace
        self._send = send
        self._receive = receive
        self._received = 0
        self._max_body = max_body

    async def run(self, app: App, scope: Scope, *, measured: bool) -> None:
        """Call the application; its failure becomes 413 or 500, or ends a connection already answered."""
        try:
            await app(scope, self._measured if measured else self._receive, self.send)
        except GatewayError as error:
            await self._failed(error, 413 if error.kind is Kind.TOO_LARGE else 500)
        except Exception as error:
            await self._failed(error, 500)

    async def _failed(self, error: Exception, status: int) -> None:
        if status == 500:
            _logger.error("request failed", exc_info=error, extra={"request": self._trace.request_id})
        if self.status:
            raise error
        await self.refuse(status)

    async def refuse(self, status: int) -> None:
        """Answer with a bare status and end the connection."""
        headers = [(b"content-length", b"0"), (b"connection", b"close")]
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self.send({"type": "http.response.body", "body": b"", "more_body": False})

    async def send(self, message: Message) -> None:
        """Pass a message on and note it; an error answer names its request for whoever reports it."""
        if message["type"] == "http.response.start":
            self.status = status = message["status"]
            if status >= 400:
                name = (b"x-request-id", self._trace.request_id.encode("ascii"))
                message["headers"] = [*message.get("headers", ()), name]
        else:
            self.sent += len(message.get("body", b""))
        await self._send(message)

    async def _measured(self) -> Message:
        """``receive`` for a body whose length nobody announced."""
        message = await self._receive()
        self._received += len(message.get("body", b""))
        if self._received > self._max_body:
            if self.status:
                return {"type": "http.disconnect"}  # answered already: nobody listens any longer
            raise GatewayError(Kind.TOO_LARGE)
        return message


def _membership(networks: tuple[Network, ...]) -> Callable[[str], bool]:
    def trusted(address: str) -> bool:
        """A peer without an address is on a unix socket, whose file mode says who may come."""
        return not address or any(ip_address(address) in network for network in networks)

    return trusted

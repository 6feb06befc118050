"""AutoDiscover over HTTPS (product 2, spec/autodiscover.md 0 and 7, house.md 5).

Raw ASGI, and the same code for the web path and for ``Cmd=Autodiscover`` on the ActiveSync path. Nothing is
said before the client has signed in: also a GET, an unknown schema and a broken body get 401 first, since
Thunderbird takes an anonymous 200 for the final answer (R2) and a stranger must not learn which addresses
exist (T12). No part of the answer comes from the Host header (T13).
"""

import logging
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from autodiscover import match
from autodiscover.errors import DiscoveryError, Fault
from autodiscover.model import Answer, Asker, Audience, Format, Outcome, Question, Request, Stamp
from autodiscover.xmltext import MAXIMUM_SIZE
from gateway.endpoints.bodies import Body, ClientLeft
from gateway.endpoints.middleware import TRACE
from gateway.endpoints.rendering import RETRY_AFTER
from gateway.errors import GatewayError, Kind
from gateway.services.discovery import Signed
from gateway.services.ports import Clock

MAXIMUM_BODY = MAXIMUM_SIZE
"""Bytes of a request body; 413 beyond it."""

CACHE = b"cache-control"
"""A format that names it in ``HEADERS`` may be kept for a while; what others answer is nobody's to keep."""

_BUSY = frozenset({Kind.UNAVAILABLE, Kind.THROTTLED, Kind.BACKEND_DOWN, Kind.BACKEND_SLOW})
_log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Header = tuple[bytes, bytes]


class DiscoveryEndpoint:
    """The ASGI application for the discovery paths."""

    def __init__(
        self,
        answers: Callable[[Sequence[Question], Signed | None], Awaitable[tuple[Outcome, ...]]],
        authenticate: Callable[[Scope], Awaitable[Signed | None]],
        clock: Clock,
        *,
        realm: str = "Usher",
        server: int = 0,
        body_limit: int = MAXIMUM_BODY,
    ) -> None:
        """``server`` is the number that POX errors carry to tell answering servers apart; ``body_limit``
        bytes are read at most (413 beyond); the XML reader itself refuses more than ``MAXIMUM_SIZE``."""
        self._answers = answers
        self._authenticate = authenticate
        self._clock = clock
        self._challenge = f'Basic realm="{realm}"'.encode("ascii")
        self._server = server
        self._body_limit = body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request on a discovery path; 404 elsewhere."""
        spoken = match(scope["path"])
        if spoken is None:
            await _reply(scope, send, 404)
        else:
            await self.speak(spoken, scope, receive, send)

    async def speak(self, spoken: Format, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request in one format, whatever its path says."""
        if (trace := scope.get(TRACE)) is not None:
            trace.command = f"autodiscover {spoken.NAME}"
        always = [(name.lower().encode("ascii"), value.encode("ascii")) for name, value in spoken.HEADERS]
        try:
            open_to_all = spoken.AUDIENCE is Audience.ANYBODY
            signed = None if open_to_all else await self._authenticate(scope)
            if signed is None and not open_to_all:
                await _reply(scope, send, 401, (b"www-authenticate", self._challenge), *always)
            elif scope["method"] not in spoken.METHODS:
                allowed = ", ".join(spoken.METHODS).encode("ascii")
                await _reply(scope, send, 405, (b"allow", allowed), *always)
            else:
                answer = await self._discover(spoken, signed, scope, receive)
                await _answer(scope, send, answer, always)
        except GatewayError as error:
            if error.kind is Kind.TOO_LARGE:
                await _reply(scope, send, 413, (b"connection", b"close"), *always)
            elif error.kind in _BUSY:
                await _reply(scope, send, 503, (b"retry-after", str(RETRY_AFTER).encode()), *always)
            else:
                raise
        except ClientLeft:
            return

    async def _discover(
        self, spoken: Format, signed: Signed | None, scope: Scope, receive: Receive
    ) -> Answer:
        stamp = Stamp(self._clock.now(), self._server)
        fields = _fields(scope)
        body = await _body(fields, receive, self._body_limit) if scope["method"] == "POST" else b""
        try:
            enquiry = spoken.read(_request(scope, fields, body))
            outcomes = await self._answers(enquiry.questions, signed)
        except DiscoveryError as error:
            return spoken.refuse(error.fault, stamp)
        except Exception as error:
            if isinstance(error, GatewayError) and error.kind in _BUSY:
                raise
            _log.exception("discovery failed")
            return spoken.refuse(Fault.INTERNAL, stamp)
        return spoken.write(enquiry, outcomes, _asker(fields), stamp)


def _fields(scope: Scope) -> Mapping[bytes, bytes]:
    """The headers; of a repeated one the first."""
    return dict(reversed(scope["headers"]))


def _request(scope: Scope, fields: Mapping[bytes, bytes], body: bytes) -> Request:
    query: Sequence[tuple[str, str]] = ()
    if scope["query_string"]:
        try:
            text = scope["query_string"].decode("latin-1")
            query = parse_qsl(text, keep_blank_values=True, max_num_fields=64)
        except ValueError as error:
            raise DiscoveryError(Fault.INVALID_REQUEST, "too many parameters") from error
    host = fields.get(b"host", b"").decode("latin-1").lower().partition(":")[0].rstrip(".")
    return Request(scope["method"], scope["path"], tuple(query), body, host)


def _asker(fields: Mapping[bytes, bytes]) -> Asker:
    version = fields.get(b"x-mapihttpcapability", b"").decode("latin-1").strip()
    handles = fields.get(b"x-clientcanhandle", b"").decode("latin-1").lower().split(",")
    return Asker(
        fields.get(b"user-agent", b"").decode("latin-1"),
        int(version[:4]) if version.isascii() and version.isdigit() else 0,
        frozenset(token.strip() for token in handles if token.strip()),
    )


async def _body(fields: Mapping[bytes, bytes], receive: Receive, limit: int) -> bytes:
    """The whole body; refused by its announced length before a byte of it is read, else while it grows."""
    announced = fields.get(b"content-length", b"").decode("latin-1")
    length = int(announced[:20]) if announced.isdecimal() else None
    return await Body(receive, length, length is None).whole(limit)


async def _answer(scope: Scope, send: Send, answer: Answer, always: Sequence[Header]) -> None:
    header: Header = (b"content-type", answer.media_type.encode("ascii"))
    if answer.location:
        header = (b"location", answer.location.encode("ascii"))
    await _reply(scope, send, answer.status, header, *always, body=answer.body)


async def _reply(scope: Scope, send: Send, status: int, *headers: Header, body: bytes = b"") -> None:
    told = [pair for pair in headers if pair[0] != CACHE or status < 500]  # a failure is nobody's to keep
    if all(name != CACHE for name, _ in told):
        told.append((CACHE, b"no-store, private"))
    told.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": told})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

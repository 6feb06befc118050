"""``Idempotency-Key`` (product 7.3; draft-ietf-httpapi-idempotency-key-header; decision 0034).

Stands around the routes and around their preconditions: what was done once is answered again, word for word,
and whoever may no longer do it is not answered. A secret that is shown once is kept nowhere, so a route that
shows one says so (``signposts.SHOWN_ONCE``). What is refused frees its key; what failed has an outcome that
nobody knows.
"""

import json
import logging
import re
from dataclasses import dataclass, field

from anyio.to_thread import run_sync
from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response

from gateway.endpoints.api.calls import ADMINISTRATOR, UseCases, declared, permit
from gateway.endpoints.api.problems import rendered
from gateway.endpoints.api.signposts import SHOWN_ONCE, Signposts
from gateway.endpoints.middleware import App, Message, Receive, Scope, Send
from gateway.errors import GatewayError, Kind, malformed
from gateway.records.authority import Authority
from gateway.records.repetitions import KeptRequest
from gateway.services.repetitions import FIELD, StillRunning

METHODS = frozenset(("POST", "PUT", "PATCH", "DELETE"))
KEY_LIMIT = 128
AGAIN_S = 2
"""Seconds after which to ask for what still runs: acts take milliseconds, a bulk some seconds."""

REPLAYED = (b"idempotency-replayed", b"true")
COUNTED = ("if-match", "content-type")
"""Headers that are part of a request: with another condition it is another request."""

_KEY = re.compile(rf"[\x21-\x7e]{{1,{KEY_LIMIT}}}")
_FAULT = f"One key of 1 to {KEY_LIMIT} visible ASCII characters."

_logger = logging.getLogger("usher.administration")


@dataclass(frozen=True, slots=True)
class _Keyed:
    """A request under a key."""

    principal: str
    key: str
    digested: bytes
    shown_once: bool


@dataclass(slots=True)
class _Answer:
    """What the routes send, held until it is written down."""

    messages: list[Message] = field(default_factory=list)

    async def send(self, message: Message) -> None:
        self.messages.append(message)

    @property
    def status(self) -> int:
        return int(self.messages[0]["status"])

    @property
    def media_type(self) -> str:
        return Headers(raw=self.messages[0].get("headers", [])).get("content-type", "")

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages[1:])


class IdempotencyKeys:
    """Lets a keyed write happen once."""

    def __init__(self, app: App, use_cases: UseCases, signposts: Signposts) -> None:
        self._app = app
        self._use_cases = use_cases
        self._signposts = signposts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        route = self._keyed_route(scope)
        if route is None:
            await self._app(scope, receive, send)
            return
        try:
            body = await _whole(receive)
            keyed = _keyed(scope, route, body)
            known = await run_sync(self._begin, keyed)
        except HTTPException as error:
            await rendered(_kind_of(error))(scope, receive, send)
        except GatewayError as error:
            await _refusal(error)(scope, receive, send)
        else:
            if known is not None:
                await _replayed(known)(scope, receive, send)
            else:
                await self._done(keyed, scope, _again(body, receive), send)

    def _keyed_route(self, scope: Scope) -> APIRoute | None:
        """The route of a write with a key that its asker may make; all else goes on as without a key, such
        as what strangers ask: they would share their keys."""
        if scope["type"] != "http" or scope["method"] not in METHODS or not _keys(scope):
            return None
        route = self._signposts.route(scope["method"], scope["path"])
        if route is None:
            return None
        authority: Authority = scope[ADMINISTRATOR]
        try:
            permit(authority, declared(route))
        except GatewayError:
            return None
        return route if authority.appointments else None

    def _begin(self, keyed: _Keyed) -> KeptRequest | None:
        return self._use_cases.repetitions.begin(keyed.principal, keyed.key, keyed.digested)

    async def _done(self, keyed: _Keyed, scope: Scope, receive: Receive, send: Send) -> None:
        answer = _Answer()
        try:
            await self._app(scope, receive, answer.send)
            await run_sync(self._settle, keyed, answer)
        finally:
            self._use_cases.repetitions.let_go(keyed.principal, keyed.key)
        for message in answer.messages:
            await send(message)

    def _settle(self, keyed: _Keyed, answer: _Answer) -> None:
        """What was done is told even where it cannot be written down: asked again, its outcome is unknown."""
        kept = self._use_cases.repetitions
        try:
            if answer.status < 400:
                body = None if keyed.shown_once else answer.body
                kept.end(keyed.principal, keyed.key, answer.status, answer.media_type, body)
            elif answer.status < 500:
                kept.free(keyed.principal, keyed.key)
        except GatewayError as error:
            _logger.warning("the answer under a key was not kept: %s", error)


def _keys(scope: Scope) -> list[str]:
    return Headers(scope=dict(scope)).getlist(FIELD)


def _keyed(scope: Scope, route: APIRoute, body: bytes) -> _Keyed:
    """GatewayError MALFORMED for two keys, and for what is no key."""
    keys = _keys(scope)
    if len(keys) != 1 or not _KEY.fullmatch(keys[0]):
        raise malformed(FIELD, _FAULT)
    authority: Authority = scope[ADMINISTRATOR]
    headers = Headers(scope=dict(scope))
    head = [scope["method"], scope["path"], scope["query_string"].decode("latin-1")]
    head += [headers.get(name, "") for name in COUNTED]
    shown_once = bool((route.openapi_extra or {}).get(next(iter(SHOWN_ONCE))))
    return _Keyed(
        authority.credential or f"name:{authority.name}",
        keys[0],
        json.dumps(head).encode() + b"\0" + body,
        shown_once,
    )


async def _whole(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    """The body once more for the routes, then whatever else comes, such as that the asker is gone."""
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay


def _replayed(known: KeptRequest) -> Response:
    answer = Response(known.body or b"", known.status)
    if known.media_type:
        answer.headers["content-type"] = known.media_type
    if known.status == 204:
        del answer.headers["content-length"]
    answer.raw_headers.append(REPLAYED)
    return answer


def _refusal(error: GatewayError) -> Response:
    answer = rendered(error)
    if isinstance(error, StillRunning):
        answer.headers["Retry-After"] = str(AGAIN_S)
    return answer


def _kind_of(error: HTTPException) -> GatewayError:
    """What the reader of a body says."""
    return GatewayError(Kind.TOO_LARGE if error.status_code == 413 else Kind.MALFORMED, str(error.detail))

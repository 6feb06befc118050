"""ETag, If-None-Match and If-Match of the REST API (product 7.3; RFC 9110 8.8.3, 13.1, 13.2).

A tag has two parts where a view has fields that change without anybody's doing, such as the last contact:
one for what may be changed, one for the whole. A cached copy is fresh when both are the same (304); a change
that was made on sight of it is refused when the first one differs (412), and not because the phone has come
again meanwhile. See decision 0034.

What a write depends on is read anew within the writer's transaction (``services.conditions``). That happens
in the very thread that holds the writers' lock, on an event loop of its own: the threads of this one may all
be waiting for that lock.
"""

import asyncio
import json
import re
from collections.abc import Mapping
from contextlib import AsyncExitStack
from hashlib import sha256
from types import MappingProxyType

from fastapi.routing import APIRoute
from starlette.datastructures import Headers

from gateway.endpoints.api.problems import rendered
from gateway.endpoints.api.signposts import Signposts, is_thing
from gateway.endpoints.middleware import App, Message, Receive, Scope, Send
from gateway.errors import GatewayError, Kind, malformed
from gateway.services import conditions

VOLATILE: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "DeviceSheet": frozenset(("last_seen", "last_sync", "last_ip", "user_agent")),
        "WebhookView": frozenset(("cursor", "failing_since")),
        "TokenView": frozenset(("last_used_at",)),
        "RolloutView": frozenset(("ends_at", "moved", "came", "waiting", "behind")),
    }
)
"""View to its fields that change without anybody's doing; If-Match passes over them."""

AT_ONCE = 2
"""Conditional writes under way: each needs a second connection while it has the writers' lock, and there are
twice as many connections as threads."""

_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
_LIST = re.compile(rf"(?:{_TAG.pattern}|\*)(?:[ \t]*,[ \t]*{_TAG.pattern})*")
_BODILESS = frozenset((b"content-length", b"content-type"))

CHANGED = "It was changed since you read it. Read it again, then decide once more."
NOT_THERE = "What If-Match speaks of is not there."
NOTHING_TO_MATCH = "Nothing is shown at this path or above it that could be compared."
NOT_READABLE = "If-Match takes the permission to read what is changed."
NO_TAGS = 'Tags in quotes, such as "x", separated by commas, or *.'


def tag_of(body: bytes, view: str) -> str:
    """The strong entity tag of a JSON answer that ``view`` describes."""
    whole = sha256(body).hexdigest()[:24]
    volatile = VOLATILE.get(view)
    if not volatile:
        return f'"{whole}"'
    shown = json.loads(body)
    steady = {name: value for name, value in shown.items() if name not in volatile}
    text = json.dumps(steady, sort_keys=True).encode()
    return f'"{sha256(text).hexdigest()[:24]}.{whole}"'


def matches(tags: str, present: str) -> bool:
    """Whether If-Match holds: one of ``tags`` is of the same steady part; a weak one never is."""
    wanted = {text.partition(".")[0] for weak, text in _TAG.findall(tags) if not weak}
    return tags.strip() == "*" or present.strip('"').partition(".")[0] in wanted


def is_fresh(tags: str, present: str) -> bool:
    """Whether If-None-Match names exactly what is present."""
    return tags.strip() == "*" or present.strip('"') in {text for _, text in _TAG.findall(tags)}


class Preconditions:
    """Stands around the routes: tags what is read, and lets a conditional write happen or not."""

    def __init__(self, app: App, signposts: Signposts) -> None:
        self._app = app
        self._signposts = signposts
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=dict(scope))
        match, none_match = (", ".join(headers.getlist(name)) for name in ("if-match", "if-none-match"))
        try:
            _require_tags({"If-Match": match, "If-None-Match": none_match})
            if scope["method"] == "GET":
                await self._app(scope, receive, _Tagging(scope, send, none_match))
            elif match or none_match:
                await self._conditional(match, scope, receive, send)
            else:
                await self._app(scope, receive, send)
        except GatewayError as error:
            await rendered(error)(scope, receive, send)

    async def _conditional(self, match: str, scope: Scope, receive: Receive, send: Send) -> None:
        """A condition that cannot be checked is refused: passed over it would be a lost update."""
        if not match:
            raise malformed("If-None-Match", "If-None-Match is for GET.")
        if self._signposts.route(scope["method"], scope["path"]) is None:
            await self._app(scope, receive, send)
            return
        place = self._signposts.thing(scope["method"], scope["path"])
        if place is None:
            raise malformed("If-Match", NOTHING_TO_MATCH)
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._turns)
            await self._require(scope, place, match)
            condition = conditions.Condition(lambda: asyncio.run(self._require(scope, place, match)))
            stack.enter_context(conditions.on(condition))
            await self._app(scope, receive, send)

    async def _require(self, scope: Scope, place: str, match: str) -> None:
        """Raises GatewayError CHANGED where what is at ``place`` is not what ``match`` names."""
        status, tag = await self._present(scope, place)
        if status == 404:
            raise GatewayError(Kind.CHANGED, NOT_THERE)
        if status == 403:
            raise GatewayError(Kind.FORBIDDEN, NOT_READABLE)
        if status != 200:
            raise GatewayError(Kind.UNAVAILABLE)
        if not matches(match, tag):
            raise GatewayError(Kind.CHANGED, CHANGED)

    async def _present(self, scope: Scope, place: str) -> tuple[int, str]:
        """Status and tag of a GET, asked by whoever asks for the write."""
        answer: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            answer.append(message)

        asked = {
            name: value for name, value in scope.items() if name not in ("route", "path_params", "state")
        }
        asked |= {"method": "GET", "path": place, "raw_path": place.encode(), "query_string": b""}
        asked["headers"] = [pair for pair in scope["headers"] if pair[0] == b"user-agent"]
        with conditions.off():
            await self._app(asked, receive, _Tagging(asked, send, ""))
        headers = Headers(raw=answer[0]["headers"])
        return answer[0]["status"], headers.get("etag", "")


class _Tagging:
    """``send`` for a GET: what shows a thing is held until it is whole, then tagged or not sent at all."""

    def __init__(self, scope: Scope, send: Send, none_match: str) -> None:
        self._scope = scope
        self._send = send
        self._none_match = none_match
        self._start: Message | None = None
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and self._is_thing(message):
            self._start = message
        elif self._start is None:
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                await self._whole(self._start)

    def _is_thing(self, start: Message) -> bool:
        route = self._scope.get("route")
        media_type = Headers(raw=start.get("headers", [])).get("content-type", "")
        json_thing = start["status"] == 200 and media_type.startswith("application/json")
        return json_thing and isinstance(route, APIRoute) and is_thing(route)

    async def _whole(self, start: Message) -> None:
        model = getattr(self._scope["route"].response_model, "__name__", "")
        tag = tag_of(self._body, model)
        start["headers"] = [*start["headers"], (b"etag", tag.encode())]
        body = self._body
        if self._none_match and is_fresh(self._none_match, tag):
            start["status"], body = 304, b""
            start["headers"] = [pair for pair in start["headers"] if pair[0] not in _BODILESS]
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body, "more_body": False})


def _require_tags(headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        if value and not _LIST.fullmatch(value.strip()):
            raise malformed(name, NO_TAGS)

"""The application of the admin listener: health for balancers, the REST API for who has the token.

Deny by default (T25): nothing but ``/healthz`` and ``/readyz`` is answered before the token was shown, and no
body is read. Signing in is the one route for who has none: it is reached as nobody, whatever else was shown,
with a body of 4 KiB. Any other has 1 MiB at most, whether its length was announced or not.
"""

import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import anyio.to_thread
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from gateway.config import Admin
from gateway.endpoints.api import PREFIX, create_api
from gateway.endpoints.api.calls import ADMINISTRATOR, UseCases
from gateway.endpoints.api.problems import log_verdict, rendered
from gateway.endpoints.console import PREFIX as CONSOLE
from gateway.endpoints.console import create_console
from gateway.endpoints.console.gate import Gate
from gateway.endpoints.event_streams import AGAIN, Streams
from gateway.endpoints.health import Check, Health
from gateway.endpoints.metrics import PATH as METRICS
from gateway.endpoints.metrics import MetricsPage
from gateway.endpoints.middleware import TRACE, App, Message, Receive, Scope, Send
from gateway.endpoints.principals import NOBODY, Administrators, attended, source_of
from gateway.endpoints.rates import Header, Overrun, Rates
from gateway.errors import GatewayError, Kind
from gateway.records.authority import Authority

BODY_LIMIT = 1024 * 1024
"""Octets of a request: a policy with two full application lists has a tenth of it."""

SIGNING_IN = ("POST", f"{PREFIX}/sessions")
SIGN_IN_LIMIT = 4096
"""Octets of a name, a password and a code, with room."""

THREADS = 8
"""Calls at once: as many as a store keeps connections; more administrators wait."""

PRIVATE = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))
"""What goes with every answer: it is about people and their devices, and no cache's business."""

_logger = logging.getLogger("usher.administration")


class Rounds(Protocol):
    """Work that is done again and again; ``gateway.worker.Rounds`` is one."""

    def start(self) -> None: ...
    def stop(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Told:
    """How others are told what happens: open streams, and what ends the sending that is under way."""

    streams: Streams | None = None
    drains: Sequence[Callable[[], Awaitable[None]]] = ()


SILENT = Told()


class Administration:
    """``gateway.serving.application.Application`` of the admin listener.

    Attributes:
        metrics: what ``/metrics`` answers, if it is to be answered.
    """

    def __init__(
        self,
        use_cases: UseCases,
        token_file: Path | None,
        checks: Mapping[str, Check],
        close: Callable[[], None],
        rounds: Sequence[Rounds] = (),
        rates: Rates | None = None,
        told: Told = SILENT,
    ) -> None:
        """``token_file``: of the bootstrap token, None where none is accepted; ``rounds``: work that is done
        in this process while it lives: only one of its kind runs."""
        self._rates = rates or Rates(Admin(), time.monotonic)
        self._token_file = token_file
        self._administrators: Administrators | None = None
        self._health = Health(checks)
        self._close = close
        self._rounds = rounds
        self._told = told
        self.metrics: MetricsPage | None = None
        self._recognise = use_cases.recognition.of
        api = create_api(use_cases)
        api.state.streams = told.streams
        self._api: App = api
        console = create_console(use_cases)
        console.state.streams = told.streams
        self._console: App = console
        self._gate = Gate(self._page, self._who)

    async def start(self) -> None:
        """Read the token; OSError or ValueError ends the start: nobody could sign in."""
        self._administrators = Administrators.read(self._token_file, self._recognise)
        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        for each in self._rounds:
            each.start()

    async def drain(self) -> None:
        """End the streams of events, and what is being sent."""
        if self._told.streams is not None:
            self._told.streams.drain()
        for each in self._told.drains:
            await each()

    async def close(self) -> None:
        """End the rounds and let go of the store."""
        for each in self._rounds:
            each.stop()
        self._close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["path"] in Health.PATHS:
            await self._health(scope, receive, send)
            return
        if self.metrics is not None and self.metrics.open and scope["path"] == METRICS:
            await self.metrics(scope, receive, _with(send, PRIVATE))
            return
        private = _with(send, PRIVATE)
        if scope["path"] == "/" or scope["path"].startswith(f"{CONSOLE}/"):
            await self._open(scope, receive, send)
            return
        try:
            left = await self._admit(scope)
        except Overrun as overrun:
            await overrun.answer()(scope, receive, private)
        except GatewayError as error:
            log_verdict(scope, error, bare=b"authorization" not in dict(scope["headers"]))
            await rendered(error)(scope, receive, private)
        else:
            await self._serve(scope, receive, _with(send, (*PRIVATE, *left)))

    async def _open(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A page of the console, for whoever has a session (``gateway.endpoints.console.gate``)."""
        try:
            self._rates.source(source_of(scope))
        except Overrun as overrun:
            await overrun.answer()(scope, receive, send)
            return
        if scope["path"] == "/":
            await RedirectResponse(f"{CONSOLE}/", 303)(scope, receive, send)
            return
        await self._served(self._behind_the_gate, scope, receive, send, BODY_LIMIT)

    async def _behind_the_gate(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The console; who asks too often, or while nobody can tell who asks, is answered as over REST."""
        try:
            await self._gate(scope, receive, send)
        except Overrun as overrun:
            await overrun.answer()(scope, receive, _with(send, PRIVATE))
        except GatewayError as error:
            log_verdict(scope, error)
            await rendered(error)(scope, receive, _with(send, PRIVATE))

    async def _page(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A page for whom the gate has told; raises ``Overrun`` before anything was answered."""
        if scope[ADMINISTRATOR] is not NOBODY:
            self._rates.principal(scope[ADMINISTRATOR], scope["method"])
        await self._console(scope, receive, send)

    async def _admit(self, scope: Scope) -> tuple[Header, ...]:
        """The headers that tell what is left of the asker's budget."""
        self._rates.source(source_of(scope))
        if self._administrators is None:
            raise GatewayError(Kind.UNAVAILABLE)
        headers = dict(scope["headers"])
        left = () if _signs_in(scope) else await self._known(scope, headers.get(b"authorization"))
        if _signs_in(scope):
            scope[ADMINISTRATOR] = NOBODY
            # A key of one stranger would be every other's, and what it asked for is kept.
            scope["headers"] = [each for each in scope["headers"] if each[0] != b"idempotency-key"]
        if not scope["path"].startswith(f"{PREFIX}/") and scope["path"] != METRICS:
            raise GatewayError(Kind.NOT_FOUND)
        if int(headers.get(b"content-length", 0)) > _limit(scope):
            raise GatewayError(Kind.TOO_LARGE, f"A request has at most {_limit(scope)} octets.")
        return left

    async def _known(self, scope: Scope, authorization: bytes | None) -> tuple[Header, ...]:
        """Tell who asks; GatewayError UNAUTHENTICATED for nobody."""
        who = partial(self._who, authorization, source_of(scope))
        authority = await who(attended=attended(scope))
        left = self._rates.principal(authority, scope["method"])
        scope[ADMINISTRATOR], scope[AGAIN] = authority, who
        return left

    async def _who(self, authorization: bytes | None, source: str, *, attended: bool = False) -> Authority:
        """Who asks; for what lasts it is asked again, since a token may have been revoked (T29)."""
        if self._administrators is None:
            raise GatewayError(Kind.UNAVAILABLE)
        return await self._administrators.bearer(authorization, source, attended=attended)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Starlette answers an unknown failure and raises it on: what it says belongs to the log."""
        if self.metrics is not None and scope["path"] == METRICS:
            await self.metrics(scope, receive, send)
            return
        await self._served(self._api, scope, receive, send, _limit(scope))

    async def _served(self, app: App, scope: Scope, receive: Receive, send: Send, limit: int) -> None:
        try:
            await app(scope, _measured(receive, limit), send)
        except Exception as error:
            request = scope[TRACE].request_id if TRACE in scope else ""
            _logger.error("request failed", exc_info=error, extra={"request": request})


def _with(send: Send, headers: tuple[Header, ...]) -> Send:
    async def send_with(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *headers]
        await send(message)

    return send_with


def _signs_in(scope: Scope) -> bool:
    return (scope["method"], scope["path"]) == SIGNING_IN


def _limit(scope: Scope) -> int:
    return SIGN_IN_LIMIT if _signs_in(scope) else BODY_LIMIT


def _measured(receive: Receive, limit: int) -> Receive:
    received = 0

    async def measure() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > limit:
            raise HTTPException(413, Kind.TOO_LARGE.value)
        return message

    return measure

"""The application of the admin listener: health for balancers, the REST API for who has the token.

Deny by default (T25): nothing but ``/healthz`` and ``/readyz`` is answered before the token was shown, and no
body is read. A body has 1 MiB at most, whether its length was announced or not.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import anyio.to_thread
from starlette.exceptions import HTTPException

from gateway.config import Admin
from gateway.endpoints.api import PREFIX, create_api
from gateway.endpoints.api.calls import ADMINISTRATOR, UseCases
from gateway.endpoints.api.problems import rendered
from gateway.endpoints.health import Check, Health
from gateway.endpoints.metrics import PATH as METRICS
from gateway.endpoints.metrics import MetricsPage
from gateway.endpoints.middleware import TRACE, App, Message, Receive, Scope, Send
from gateway.endpoints.principals import Administrators
from gateway.endpoints.rates import Header, Overrun, Rates
from gateway.errors import GatewayError, Kind
from gateway.log import NO_CREDENTIALS

BODY_LIMIT = 1024 * 1024
"""Octets of a request: a policy with two full application lists has a tenth of it."""

THREADS = 8
"""Calls at once: as many as a store keeps connections; more administrators wait."""

PRIVATE = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))
"""What goes with every answer: it is about people and their devices, and no cache's business."""

_logger = logging.getLogger("usher.administration")


class Rounds(Protocol):
    """Work that is done again and again; ``gateway.worker.Rounds`` is one."""

    def start(self) -> None: ...
    def stop(self) -> None: ...


class Administration:
    """``gateway.serving.application.Application`` of the admin listener.

    Attributes:
        metrics: what ``/metrics`` answers, if it is to be answered.
    """

    def __init__(
        self,
        use_cases: UseCases,
        token_file: Path,
        checks: Mapping[str, Check],
        close: Callable[[], None],
        rounds: Sequence[Rounds] = (),
        rates: Rates | None = None,
    ) -> None:
        """``rounds`` is work that is done in this process while it lives: only one of its kind runs."""
        self._rates = rates or Rates(Admin(), time.monotonic)
        self._token_file = token_file
        self._administrators: Administrators | None = None
        self._health = Health(checks)
        self._close = close
        self._rounds = rounds
        self.metrics: MetricsPage | None = None
        self._api: App = create_api(use_cases)

    async def start(self) -> None:
        """Read the token; OSError or ValueError ends the start: nobody could sign in."""
        self._administrators = Administrators.read(self._token_file)
        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        for each in self._rounds:
            each.start()

    async def drain(self) -> None:
        """Nothing waits here."""

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
        try:
            left = self._admit(scope)
        except Overrun as overrun:
            await overrun.answer()(scope, receive, private)
        except GatewayError as error:
            _note(scope, error)
            await rendered(error)(scope, receive, private)
        else:
            await self._serve(scope, receive, _with(send, (*PRIVATE, *left)))

    def _admit(self, scope: Scope) -> tuple[Header, ...]:
        """The headers that tell what is left of the asker's budget."""
        self._rates.source(scope["client"][0] if scope["client"] else "")
        headers = dict(scope["headers"])
        if self._administrators is None:
            raise GatewayError(Kind.UNAVAILABLE)
        authority = self._administrators.bearer(headers.get(b"authorization"))
        left = self._rates.principal(authority.credential or authority.name, scope["method"])
        scope[ADMINISTRATOR] = authority
        if not scope["path"].startswith(f"{PREFIX}/") and scope["path"] != METRICS:
            raise GatewayError(Kind.NOT_FOUND)
        if int(headers.get(b"content-length", 0)) > BODY_LIMIT:
            raise GatewayError(Kind.TOO_LARGE, f"A request has at most {BODY_LIMIT} octets.")
        return left

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Starlette answers an unknown failure and raises it on: what it says belongs to the log."""
        if self.metrics is not None and scope["path"] == METRICS:
            await self.metrics(scope, receive, send)
            return
        try:
            await self._api(scope, _measured(receive), send)
        except Exception as error:
            request = scope[TRACE].request_id if TRACE in scope else ""
            _logger.error("request failed", exc_info=error, extra={"request": request})


def _note(scope: Scope, error: GatewayError) -> None:
    """Why nobody was told, for the log; who shows nothing guesses nothing."""
    bare = error.kind is Kind.UNAUTHENTICATED and b"authorization" not in dict(scope["headers"])
    if TRACE in scope:
        scope[TRACE].verdict = NO_CREDENTIALS if bare else error.kind.value


def _with(send: Send, headers: tuple[Header, ...]) -> Send:
    async def send_with(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *headers]
        await send(message)

    return send_with


def _measured(receive: Receive) -> Receive:
    received = 0

    async def measure() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > BODY_LIMIT:
            raise HTTPException(413, Kind.TOO_LARGE.value)
        return message

    return measure

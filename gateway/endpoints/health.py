"""``/healthz`` and ``/readyz`` of both listeners (product 9.4).

Healthy: this process answers. Ready: what it stands on answers too, each check by its name, so that a load
balancer can turn away from a node whose database is gone. Neither says more to whoever may ask, and devices'
listener, where everybody may, not even which check failed.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

Check = Callable[[], Awaitable[bool]]

CHECK_TIMEOUT_S = 2.0
"""A check that hangs has failed; balancers ask every few seconds."""


class Health:
    """Raw ASGI application for the two paths."""

    PATHS = frozenset({"/healthz", "/readyz"})

    def __init__(self, checks: Mapping[str, Check], *, names: bool = True) -> None:
        self._checks = dict(checks)
        self._names = names

    def matches(self, path: str) -> bool:
        """Whether this is one of the two."""
        return path in self.PATHS

    async def __call__(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[MutableMapping[str, Any]]],  # noqa: ARG002 - ASGI's signature
        send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ) -> None:
        """Answer GET and HEAD."""
        if scope["method"] not in ("GET", "HEAD"):
            await _answer(send, 405, {"status": "method not allowed"})
        elif scope["path"] == "/healthz":
            await _answer(send, 200, {"status": "ok"})
        else:
            failed = await self.failing()
            body: dict[str, object] = {"status": "unready" if failed else "ready"}
            if failed and self._names:
                body["failing"] = failed
            await _answer(send, 503 if failed else 200, body)

    async def failing(self) -> list[str]:
        """Names of the checks that fail now."""
        outcomes = await asyncio.gather(*(_passed(check) for check in self._checks.values()))
        return [name for name, passed in zip(self._checks, outcomes, strict=True) if not passed]


async def _passed(check: Check) -> bool:
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_S):
            return await check()
    except Exception:  # a check that fails in any way has not passed
        return False


async def _answer(
    send: Callable[[MutableMapping[str, Any]], Awaitable[None]], status: int, body: Mapping[str, Any]
) -> None:
    data = json.dumps(body).encode("ascii")
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(data)).encode("ascii")),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": data, "more_body": False})

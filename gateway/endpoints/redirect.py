"""The plain-HTTP listener: it points to https and does nothing else (spec/autodiscover.md R12, 6.3, 6.4).

Clients come here when the https addresses of a domain did not answer: most with a GET, Thunderbird with a
POST. Credentials are never asked for and a body is never read, because everything here travels in the
clear. ``.xml`` leads to ``.xml`` and ``.svc`` to ``.svc``: exchangelib gives up otherwise. ActiveSync
over plain HTTP is 403 (MS-ASHTTP, S02_TC03).
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

REDIRECTED = frozenset({"/autodiscover/autodiscover.xml", "/autodiscover/autodiscover.svc"})
ACTIVESYNC = "/microsoft-server-activesync"

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Header = tuple[bytes, bytes]


class PlainRedirect:
    """The ASGI application of port 80."""

    def __init__(self, public_host: str, is_served: Callable[[str], bool], https_port: int = 443) -> None:
        """``is_served`` tells, without waiting, whether a lower-case host name has a certificate here; every
        other name in a request leads to ``public_host`` (T13)."""
        self._public_host = public_host
        self._is_served = is_served
        self._port = "" if https_port == 443 else f":{https_port}"

    async def __call__(
        self,
        scope: Scope,
        _receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        """Answer with a status and no body."""
        status, *headers = self._decide(scope)
        always = ((b"content-length", b"0"), (b"connection", b"close"))
        await send({"type": "http.response.start", "status": status, "headers": [*headers, *always]})
        await send({"type": "http.response.body", "body": b""})

    def _decide(self, scope: Scope) -> tuple[int, *tuple[Header, ...]]:
        path = scope["path"].lower()
        if path in REDIRECTED:
            if scope["method"] not in ("GET", "HEAD", "POST"):
                return 405, (b"allow", b"GET, HEAD, POST")
            location = f"https://{self._host(scope)}{self._port}{path}"
            return 302, (b"location", location.encode("ascii"))
        return (403,) if path == ACTIVESYNC else (404,)

    def _host(self, scope: Scope) -> str:
        named = [value.decode("latin-1").lower() for key, value in scope["headers"] if key == b"host"]
        name = named[0].partition(":")[0].rstrip(".") if len(named) == 1 else ""
        return name if name.isascii() and self._is_served(name) else self._public_host

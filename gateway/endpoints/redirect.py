"""The plain-HTTP listener: it points to https, and shows an authority its proofs (spec/autodiscover.md R12,
6.3, 6.4, 12).

Clients come here when the https addresses of a domain did not answer: most with a GET, Thunderbird with a
POST. Credentials are never asked for and a body is never read, because everything here travels in the
clear. ``.xml`` leads to ``.xml`` and ``.svc`` to ``.svc``: exchangelib gives up otherwise. ActiveSync
over plain HTTP is 403 (MS-ASHTTP, S02_TC03).

Proofs are those of ACME's HTTP-01 (RFC 8555 8.3): a customer's ``autodiscover`` name leads here before it has
a certificate, so this is where one can be earned. A token has no character that could lead out of the folder.
"""

import re
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

REDIRECTED = frozenset({"/autodiscover/autodiscover.xml", "/autodiscover/autodiscover.svc"})
ACTIVESYNC = "/microsoft-server-activesync"
CHALLENGE = re.compile(r"/\.well-known/acme-challenge/([A-Za-z0-9_-]{1,256})")
PROOF_BYTES = 1024
"""A proof is a token and 43 characters; what is longer is none."""

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Header = tuple[bytes, bytes]


class PlainRedirect:
    """The ASGI application of port 80."""

    def __init__(
        self,
        public_host: str,
        is_served: Callable[[str], bool],
        https_port: int = 443,
        webroot: Path | None = None,
    ) -> None:
        """``is_served`` tells, without waiting, whether a lower-case host name has a certificate here; every
        other name in a request leads to ``public_host`` (T13); ``webroot`` is where an ACME client puts its
        proofs, below ``.well-known/acme-challenge``."""
        self._webroot = webroot
        self._public_host = public_host
        self._is_served = is_served
        self._port = "" if https_port == 443 else f":{https_port}"

    async def __call__(
        self,
        scope: Scope,
        _receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        """Answer with a status and, but for a proof, no body."""
        proof = self._proof(scope)
        status, *headers = (200, (b"content-type", b"text/plain")) if proof else self._decide(scope)
        always = ((b"content-length", str(len(proof)).encode()), (b"connection", b"close"))
        await send({"type": "http.response.start", "status": status, "headers": [*headers, *always]})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else proof})

    def _proof(self, scope: Scope) -> bytes:
        """A small local file: reading it does not hold the loop longer than a redirect does."""
        asked = CHALLENGE.fullmatch(scope["path"]) if self._webroot else None
        if self._webroot is None or asked is None or scope["method"] not in ("GET", "HEAD"):
            return b""
        try:
            with (self._webroot / ".well-known" / "acme-challenge" / asked[1]).open("rb") as file:
                found = file.read(PROOF_BYTES + 1)
        except OSError:
            return b""
        return found if len(found) <= PROOF_BYTES else b""

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

"""Who may use the admin listener: the bearer of the bootstrap token, of an API token or of a session
(product 7.1, 7.6, 7.7; T25).

The bootstrap token is whoever's who runs the machine; it is compared in constant time and asks no database,
so that it works while that is down. All others are found by the digest of what they show, in a thread.
"""

import hmac
from functools import partial
from pathlib import Path
from typing import Protocol

import anyio
import anyio.to_thread

from gateway.config import read_secret
from gateway.endpoints.middleware import TRACE, Scope
from gateway.errors import GatewayError, Kind
from gateway.records.authority import MACHINE, Authority, Permission

MINIMUM_TOKEN = 32
"""Octets: what can be guessed is refused at the start, an empty file above all."""

MAXIMUM_SHOWN = 256
"""Octets of what is looked at: a token has fewer than fifty."""

SCHEME = "bearer"
LOOKING = 4
"""Looks at the database at once, beside those of the routes: a slow report makes nobody wait at the door."""

BOOTSTRAP = Authority("bootstrap", appointments=MACHINE, confirmed=True)
"""Whoever can read the token's file runs the machine."""

NOBODY = Authority("nobody", appointments=MACHINE, limits=frozenset((Permission.SIGN_IN,)))
"""Whoever has not signed in yet may do that, and nothing beside it."""

UNATTENDED = b"x-usher-unattended"
"""Header with which a page of the console says that it asks by itself; whoever lies by it has less of it."""

STREAM = b"text/event-stream"


class Recognise(Protocol):
    """Who shows a secret from an address; ``services.recognition.Recognition.of``."""

    def __call__(self, secret: str, address: str, *, attended: bool) -> Authority | None: ...


class Administrators:
    """Tells the administrator behind an ``Authorization`` header."""

    def __init__(self, token: bytes | None, recognise: Recognise) -> None:
        """``token``: the bootstrap token, None where none is accepted. ValueError for one that is too short
        to be a secret."""
        if token is not None and len(token) < MINIMUM_TOKEN:
            raise ValueError(f"the admin token has fewer than {MINIMUM_TOKEN} octets")
        self._token = token
        self._recognise = recognise
        self._looking = anyio.CapacityLimiter(LOOKING)

    @classmethod
    def read(cls, path: Path | None, recognise: Recognise) -> "Administrators":
        """Read the token once; a new one holds after a restart. OSError and ValueError as they come."""
        return cls(read_secret(path) if path else None, recognise)

    async def bearer(self, authorization: bytes | None, address: str, *, attended: bool = True) -> Authority:
        """The administrator who asks from ``address``; ``attended``: not a page or program by itself.

        Raises:
            GatewayError: UNAUTHENTICATED for anybody else; UNAVAILABLE while the database does not answer.
        """
        scheme, _, rest = (authorization or b"").partition(b" ")
        given = rest.strip()
        bootstrap = self._token is not None and hmac.compare_digest(given, self._token)
        if scheme.decode("latin-1").lower() == SCHEME:
            found = BOOTSTRAP if bootstrap else await self._found(given, address, attended)
            if found is not None:
                return found
        raise GatewayError(Kind.UNAUTHENTICATED, "A bearer token is needed.")

    async def _found(self, given: bytes, address: str, attended: bool) -> Authority | None:
        if len(given) > MAXIMUM_SHOWN or not given.isascii():
            return None
        look = partial(self._recognise, given.decode("ascii"), address, attended=attended)
        return await anyio.to_thread.run_sync(look, limiter=self._looking)


def attended(scope: Scope) -> bool:
    """Whether somebody asked for this: no stream that a browser opens anew by itself, no page that looks
    again every few seconds."""
    headers = dict(scope["headers"])
    return UNATTENDED not in headers and STREAM not in headers.get(b"accept", b"")


def source_of(scope: Scope) -> str:
    """Whence a request comes: behind trusted proxies as they tell it, else the peer; empty for a socket file.

    A header that nobody trusted has set says nothing here (``gateway.endpoints.middleware``).
    """
    if TRACE in scope:
        return str(scope[TRACE].client)
    return scope["client"][0] if scope["client"] else ""

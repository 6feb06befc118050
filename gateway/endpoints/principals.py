"""Who may use the admin listener: the bearer of the bootstrap token (product 7.1, T25).

Until administrators sign in as persons there is one of them, who holds every permission. The routes ask for
permissions all the same, so that roles (product 7.6) will change this file and none of them.
"""

import hmac
from pathlib import Path

from gateway.config import read_secret
from gateway.errors import GatewayError, Kind
from gateway.records.authority import MACHINE, Authority

MINIMUM_TOKEN = 32
"""Octets: what can be guessed is refused at the start, an empty file above all."""

SCHEME = "bearer"


BOOTSTRAP = Authority("bootstrap", appointments=MACHINE, confirmed=True)
"""Whoever can read the token's file runs the machine."""


class Administrators:
    """Tells the administrator behind an ``Authorization`` header."""

    def __init__(self, token: bytes) -> None:
        """Raises ValueError for a token that is too short to be a secret."""
        if len(token) < MINIMUM_TOKEN:
            raise ValueError(f"the admin token has fewer than {MINIMUM_TOKEN} octets")
        self._token = token

    @classmethod
    def read(cls, path: Path) -> "Administrators":
        """Read the token once; a new one holds after a restart. OSError and ValueError as they come."""
        return cls(read_secret(path))

    def bearer(self, authorization: bytes | None) -> Authority:
        """The administrator; GatewayError UNAUTHENTICATED for anybody else. Takes the same time for each
        wrong token of one length."""
        scheme, _, given = (authorization or b"").partition(b" ")
        right = hmac.compare_digest(given.strip(), self._token)
        if scheme.decode("latin-1").lower() != SCHEME or not right:
            raise GatewayError(Kind.UNAUTHENTICATED, "A bearer token is needed.")
        return BOOTSTRAP

"""Who may use the admin listener: the bearer of the bootstrap token (product 7.1, T25).

Until administrators sign in as persons there is one of them, who holds every permission. The routes ask for
permissions all the same, so that roles (product 7.6) will change this file and none of them.
"""

import hmac
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from gateway.config import read_secret
from gateway.errors import GatewayError, Kind

MINIMUM_TOKEN = 32
"""Octets: what can be guessed is refused at the start, an empty file above all."""

SCHEME = "bearer"


class Permission(Enum):
    """What a route of the REST API may ask for."""

    ORGANISATION_READ = "organisation:read"
    ORGANISATION_WRITE = "organisation:write"
    USER_READ = "user:read"
    USER_WRITE = "user:write"
    MAILBOX_READ = "mailbox:read"
    MAILBOX_WRITE = "mailbox:write"
    POLICY_READ = "policy:read"
    POLICY_WRITE = "policy:write"
    RULE_READ = "rule:read"
    RULE_WRITE = "rule:write"
    DEVICE_READ = "device:read"
    DEVICE_WRITE = "device:write"
    DEVICE_WIPE = "device:wipe"
    DEVICE_RECOVERY = "device:recovery"
    WIPE_FULL = "wipe:full"
    WIPE_APPROVE = "wipe:approve"
    WIPE_PANIC = "wipe:panic"
    WIPE_UNFREEZE = "wipe:unfreeze"
    SAFEGUARDS_WRITE = "safeguards:write"
    SAFEGUARDS_LOOSEN = "safeguards:loosen"
    USER_OFFBOARD = "user:offboard"
    AUDIT_READ = "audit:read"
    DESCRIPTION_READ = "description:read"


@dataclass(frozen=True, slots=True)
class Administrator:
    """Who asks, with what they may do; ``name`` is what the audit trail shows."""

    name: str
    permissions: frozenset[Permission]

    def require(self, permission: Permission) -> None:
        """Raises GatewayError FORBIDDEN."""
        if permission not in self.permissions:
            raise GatewayError(Kind.FORBIDDEN, f"This needs the permission {permission.value}.")


BOOTSTRAP = Administrator("bootstrap", frozenset(Permission))


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

    def bearer(self, authorization: bytes | None) -> Administrator:
        """The administrator; GatewayError UNAUTHENTICATED for anybody else. Takes the same time for each
        wrong token of one length."""
        scheme, _, given = (authorization or b"").partition(b" ")
        right = hmac.compare_digest(given.strip(), self._token)
        if scheme.decode("latin-1").lower() != SCHEME or not right:
            raise GatewayError(Kind.UNAUTHENTICATED, "A bearer token is needed.")
        return BOOTSTRAP

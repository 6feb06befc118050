"""App passwords, and the sessions of the page where people make them (product 7.8; T24, T25)."""

from dataclasses import dataclass, field
from datetime import datetime

APP_PASSWORD, SELF_SESSION = "k-", "y-"
"""How their ids begin."""


@dataclass(frozen=True, slots=True)
class AppPassword:
    """What a phone or a mail program shows instead of its user's password. One that was revoked is gone.

    Attributes:
        id: ``k-`` and 32 hex digits. user: id of whose it is. label: what it is for.
        digest: SHA-256 of the secret, which is nowhere kept.
        expires_at: None for never.
        device_id: the first DeviceId that used it, empty before; no other one may.
        last_used_at: when it was last verified, to the minute.
    """

    id: str
    organisation: str
    user: str
    label: str
    digest: str = field(repr=False)
    created_at: datetime
    expires_at: datetime | None = None
    device_id: str = ""
    last_used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SelfSession:
    """Somebody who signed in to the self-service page.

    Attributes:
        id: ``y-`` and 32 hex digits. digest: SHA-256 of the secret in the cookie.
        seen_at: the last request, to the minute. ends_at: the end, however busy.
        proved_at: when the password was last shown.
    """

    id: str
    organisation: str
    user: str
    digest: str = field(repr=False)
    created_at: datetime
    seen_at: datetime
    proved_at: datetime
    ends_at: datetime

"""Passkeys of administrators, and what a browser was asked and has not answered yet (product 7.7; T24).

A passkey is a key pair in somebody's device (W3C Web Authentication). Only its public half is here, so a row
of the database signs nobody in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum


class Means(Enum):
    """What opened a session."""

    PASSWORD = "password"  # noqa: S105 - a word
    PASSKEY = "passkey"
    PROVIDER = "provider"


class Purpose(Enum):
    """What a browser was asked for; an answer to one question answers no other."""

    REGISTER = "register"
    SIGN_IN = "sign-in"
    CONFIRM = "confirm"
    PROVIDER = "provider"


@dataclass(frozen=True, slots=True)
class Passkey:
    """What is known of a passkey.

    Attributes:
        id: ``k-`` and 32 hex digits, the gateway's own.
        credential: the authenticator's identifier, base64url without padding.
        public_key: in COSE form, as the authenticator gave it.
        uses: the authenticator's own count of its signatures; 0 for one that does not count.
    """

    id: str
    administrator: str
    label: str
    credential: str
    public_key: bytes = field(repr=False)
    uses: int
    created_at: datetime
    last_used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A browser was asked something and may answer once.

    Attributes:
        digest: SHA-256 of what the answer has to show; that itself is nowhere kept.
        holder: id of the session that asked, empty for a stranger.
        content: what the answer is held against.
    """

    digest: str
    purpose: Purpose
    holder: str
    ends_at: datetime
    content: Mapping[str, str] = field(default_factory=dict, repr=False)

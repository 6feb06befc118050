"""Signatures of webhooks as Standard Webhooks has them (product 7.9; security.md T27): HMAC-SHA256 over id,
time and body, so that a receiver can tell who sent it, that nothing was changed, and that it is no old one.

While a secret is being replaced there are two signatures, and a receiver that knows either is content.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime

PREFIX = "whsec_"
VERSION = "v1"
SECRET_OCTETS = 32


def new_secret(drawn: str) -> str:
    """A secret as its receiver is given it, of 64 hex digits that were drawn."""
    return PREFIX + base64.b64encode(bytes.fromhex(drawn)[:SECRET_OCTETS]).decode()


def headers(identity: str, at: datetime, body: bytes, secrets: Sequence[str]) -> Mapping[str, str]:
    """The three headers of a delivery that begins at ``at``, signed with each of ``secrets``."""
    moment = str(int(at.timestamp()))
    signatures = (f"{VERSION},{_signed(secret, identity, moment, body)}" for secret in secrets)
    return {
        "webhook-id": identity,
        "webhook-timestamp": moment,
        "webhook-signature": " ".join(signatures),
    }


def _signed(secret: str, identity: str, moment: str, body: bytes) -> str:
    content = b".".join((identity.encode(), moment.encode(), body))
    return base64.b64encode(hmac.digest(key_of(secret), content, hashlib.sha256)).decode()


def key_of(secret: str) -> bytes:
    """The key that a secret's text spells; ValueError for another text."""
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("this is no secret of a webhook") from None

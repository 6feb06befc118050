"""What an authenticator shows (RFC 6238), by the standard library: the gateway's own is another's work."""

import base64
import hashlib
import hmac
import struct
from datetime import datetime


def code_at(secret: str, at: datetime) -> str:
    """Six digits for ``secret`` in base32."""
    counter = struct.pack(">Q", int(at.timestamp()) // 30)
    digest = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    start = digest[-1] & 0xF
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"

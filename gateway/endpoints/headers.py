"""The request headers that an ActiveSync request is judged by, gathered in one pass (MS-ASHTTP 2.2.1.1.2).

Duplicates were refused by the middleware before (T15); what is not listed here is neither read nor forwarded.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from gateway.errors import GatewayError, Kind

MAXIMUM_USER_AGENT = 512
"""Bytes of a User-Agent that are kept; real ones are below 200."""


@dataclass(slots=True)
class RequestHeaders:
    """Values as text, None where the header is absent.

    Attributes:
        authorization: raw bytes, for the login cache alone.
        media_type: Content-Type without parameters, lower case.
        content_length: bytes, None for a chunked body.
    """

    authorization: bytes | None = field(default=None, repr=False)
    version: str | None = None
    policy_key: str | None = field(default=None, repr=False)
    multipart: str | None = None
    media_type: str | None = None
    content_length: int | None = None
    content_encoding: str | None = None
    user_agent: str = ""
    chunked: bool = False


def read_headers(pairs: Iterable[tuple[bytes, bytes]]) -> RequestHeaders:
    """Gather what is needed; ASGI gives names in lower case.

    Raises:
        GatewayError: MALFORMED for a Content-Length that is no number.
    """
    found = RequestHeaders()
    for name, value in pairs:
        if name == b"authorization":
            found.authorization = value
        elif name == b"user-agent":
            found.user_agent = value[:MAXIMUM_USER_AGENT].decode("latin-1")
        elif name == b"x-ms-policykey":
            found.policy_key = value.decode("latin-1")
        elif name == b"ms-asprotocolversion":
            found.version = value.decode("latin-1").strip()
        elif name == b"content-type":
            found.media_type = value.partition(b";")[0].strip().lower().decode("latin-1")
        elif name == b"content-length":
            found.content_length = _length(value)
        elif name == b"transfer-encoding":
            found.chunked = True
        elif name == b"content-encoding":
            found.content_encoding = value.decode("latin-1")
        elif name == b"ms-asacceptmultipart":
            found.multipart = value.decode("latin-1")
    return found


def _length(value: bytes) -> int:
    if not value.isdigit():
        raise GatewayError(Kind.MALFORMED, "Content-Length is no number")
    return int(value)

"""Cursors: where the next page begins, as a text that nobody is meant to write (product 7.3)."""

import base64
import binascii
import json
from collections.abc import Sequence

from gateway.errors import GatewayError, Kind

FAULT = "Only what an answer gave as its next is a cursor."


def write_cursor(*parts: str | int) -> str:
    """The cursor of a place."""
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def read_texts(cursor: str, count: int) -> tuple[str, ...] | None:
    """The ``count`` texts of a place; None for an empty cursor. GatewayError MALFORMED otherwise."""
    parts = _parts(cursor) if cursor else None
    if parts is None:
        return None
    texts = tuple(part for part in parts if isinstance(part, str) and part.isprintable())
    if len(texts) != count or len(parts) != count:
        raise _malformed()
    return texts


def read_number(cursor: str) -> int:
    """The number of a place; 0 for an empty cursor. GatewayError MALFORMED otherwise."""
    parts = _parts(cursor) if cursor else (0,)
    if len(parts) != 1 or type(parts[0]) is not int or not 0 <= parts[0] < 2**63:
        raise _malformed()
    return parts[0]


def _parts(cursor: str) -> Sequence[object]:
    try:
        parts = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError):
        raise _malformed() from None
    if not isinstance(parts, list):
        raise _malformed()
    return parts


def _malformed() -> GatewayError:
    return GatewayError(Kind.MALFORMED, FAULT, faults={"cursor": FAULT})

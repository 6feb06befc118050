"""Cursors: where the next page begins, as a text that nobody is meant to write (product 7.3)."""

import base64
import binascii
import json
from collections.abc import Sequence
from datetime import datetime

from gateway.errors import GatewayError, malformed

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
        raise malformed_cursor()
    return texts


def read_number(cursor: str) -> int:
    """The number of a place; 0 for an empty cursor. GatewayError MALFORMED otherwise."""
    parts = _parts(cursor) if cursor else (0,)
    if len(parts) != 1 or not isinstance(parts[0], int) or not _number(parts[0]):
        raise malformed_cursor()
    return parts[0]


def read_moment(cursor: str) -> tuple[datetime, str] | None:
    """A time and an id, as ``write_cursor(time.isoformat(), id)`` wrote them; None for an empty cursor.
    GatewayError MALFORMED otherwise."""
    texts = read_texts(cursor, 2)
    if texts is None:
        return None
    try:
        moment = datetime.fromisoformat(texts[0])
    except ValueError:
        raise malformed_cursor() from None
    if moment.tzinfo is None:
        raise malformed_cursor()
    return moment, texts[1]


def read_place(cursor: str, mark: str) -> tuple[str | int, ...] | None:
    """Texts and numbers of a place that belongs to ``mark``, as ``write_cursor(mark, *place)`` wrote it; None
    for an empty cursor. The texts may be anything that a device reports. GatewayError MALFORMED otherwise.
    """
    parts = _parts(cursor) if cursor else None
    if parts is None:
        return None
    place = tuple(part for part in parts if isinstance(part, str | int) and (_text(part) or _number(part)))
    if len(place) != len(parts) or place[:1] != (mark,):
        raise malformed_cursor()
    return place[1:]


def _text(part: object) -> bool:
    # Half a surrogate pair can be spelled in JSON and is no text for a database.
    return isinstance(part, str) and "\0" not in part and part.encode("utf-8", "replace").decode() == part


def _number(part: object) -> bool:
    return type(part) is int and 0 <= part < 2**63


def _parts(cursor: str) -> Sequence[object]:
    try:
        parts = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError):
        raise malformed_cursor() from None
    if not isinstance(parts, list):
        raise malformed_cursor()
    return parts


def malformed_cursor() -> GatewayError:
    """What is raised for a text that no answer gave."""
    return malformed("cursor", FAULT)

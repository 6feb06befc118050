"""Moments as people type them."""

from datetime import UTC, datetime
from typing import NoReturn

from gateway.cli.local import USAGE, end


def read_time(text: str | None) -> datetime | None:
    """A moment with its time zone; ends the command when it is none."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
        return at.astimezone(UTC) if at.tzinfo is not None else _no_time(text)
    except (ValueError, OverflowError):
        return _no_time(text)


def _no_time(text: str) -> NoReturn:
    end(f"{text}: a time with its time zone is needed, such as 2030-01-31T12:00:00Z", USAGE)

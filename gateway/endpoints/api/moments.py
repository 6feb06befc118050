"""Moments as programs write them."""

from datetime import UTC, datetime

from gateway.errors import malformed


def aware(at: datetime | None, field: str = "until") -> datetime | None:
    """A moment in UTC; GatewayError MALFORMED for one without a time zone, or that UTC's calendar has not."""
    if at is None:
        return None
    try:
        if at.tzinfo is not None:
            return at.astimezone(UTC)
    except OverflowError:
        pass  # a time that no calendar of UTC has
    raise malformed(field, "A time with its time zone is needed, such as 2030-01-31T12:00:00Z.")

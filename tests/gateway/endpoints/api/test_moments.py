"""Moments of requests."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from gateway.endpoints.api.moments import aware
from gateway.errors import GatewayError


def test_every_zone_becomes_utc() -> None:
    noon = datetime(2030, 1, 31, 12, tzinfo=timezone(timedelta(hours=2)))
    assert aware(noon) == datetime(2030, 1, 31, 10, tzinfo=UTC)
    assert aware(None) is None


NOWHERE = datetime(2030, 1, 31, 12, tzinfo=UTC).replace(tzinfo=None)
TOO_EARLY = datetime.min.replace(tzinfo=timezone(timedelta(hours=9)))


@pytest.mark.parametrize("at", [NOWHERE, TOO_EARLY])
def test_a_time_without_a_zone_or_beyond_the_calendar(at: datetime) -> None:
    with pytest.raises(GatewayError) as caught:
        aware(at, "since")
    assert caught.value.faults.keys() == {"since"}

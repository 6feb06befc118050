"""Moments on the command line."""

from datetime import UTC, datetime

import pytest

from gateway.cli.moments import read_time


def test_a_time_with_its_zone() -> None:
    assert read_time("2030-01-31T12:00:00+02:00") == datetime(2030, 1, 31, 10, tzinfo=UTC)
    assert read_time(None) is None


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "2030-01-31", "2030-01-31T12:00:00", "0001-01-01T00:00:00+14:00"]
)
def test_what_is_none_ends_the_command(text: str) -> None:
    with pytest.raises(SystemExit):
        read_time(text)

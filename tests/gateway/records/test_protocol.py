"""What is recorded of a device."""

from datetime import UTC, datetime

from gateway.records.protocol import Exchange, Traced
from mdm.device import DeviceKey

KEY = DeviceKey("m-1", "u-1", "PHONE1")
AT = datetime(2026, 1, 1, tzinfo=UTC)


def test_values_are_equal_by_what_they_say() -> None:
    assert Traced(KEY, AT, AT, "ann") == Traced(KEY, AT, AT, "ann")
    assert Exchange(KEY, AT, {}).sequence == 0

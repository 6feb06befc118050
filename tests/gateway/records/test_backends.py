"""The second key is a secret, as the device's own is (T28)."""

from gateway.records import BackendKey
from mdm.device import DeviceKey


def test_the_key_is_never_shown() -> None:
    record = BackendKey(DeviceKey("m-1", "u-1", "PHONE1"), "exchange", 4294967291)
    assert "4294967291" not in repr(record)

"""The ports of devices, held by the store's rows."""

import pytest

from gateway.services import device_ports
from gateway.store.backend_keys import BackendKeyRows
from gateway.store.device_passwords import DevicePasswordRows
from gateway.store.devices import DeviceRows
from gateway.store.held import HeldRows
from gateway.store.kinds import KindRows
from gateway.store.protocol_log import ProtocolLogRows
from tests.support.agreement import assert_kept

PAIRS = [
    (device_ports.Devices, DeviceRows),
    (device_ports.Kinds, KindRows),
    (device_ports.Held, HeldRows),
    (device_ports.BackendKeys, BackendKeyRows),
    (device_ports.DevicePasswords, DevicePasswordRows),
    (device_ports.ProtocolLog, ProtocolLogRows),
]


@pytest.mark.parametrize(("port", "rows"), PAIRS)
def test_every_method_is_there_with_the_same_parameters(port: type, rows: type) -> None:
    assert_kept(port, rows)

"""The ports of the self-service, held by the store's rows."""

import pytest

from gateway.services import self_service_ports
from gateway.store.app_passwords import AppPasswordRows
from gateway.store.self_sessions import SelfSessionRows
from tests.support.agreement import assert_kept

PAIRS = [
    (self_service_ports.AppPasswordRecords, AppPasswordRows),
    (self_service_ports.SelfSessionRecords, SelfSessionRows),
]


@pytest.mark.parametrize(("port", "rows"), PAIRS)
def test_every_method_is_there_with_the_same_parameters(port: type, rows: type) -> None:
    assert_kept(port, rows)

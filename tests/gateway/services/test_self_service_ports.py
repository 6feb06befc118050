"""The ports of the self-service, held by the store's rows."""

from gateway.services.self_service_ports import AppPasswordRecords, SelfSessionRecords
from gateway.store.app_passwords import AppPasswordRows
from gateway.store.self_sessions import SelfSessionRows


def test_the_rows_have_what_the_ports_name() -> None:
    for port, rows in ((AppPasswordRecords, AppPasswordRows), (SelfSessionRecords, SelfSessionRows)):
        assert {name for name in vars(port) if not name.startswith("_")} <= set(vars(rows))

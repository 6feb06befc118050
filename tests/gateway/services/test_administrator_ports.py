"""The ports of administrators, held by the store's rows."""

import pytest

from gateway.services import administrator_ports
from gateway.store.administrators import AdministratorRows
from gateway.store.api_tokens import ApiTokenRows
from gateway.store.passkeys import PasskeyRows, QuestionRows
from gateway.store.sessions import SessionRows
from tests.support.agreement import assert_kept

PAIRS = [
    (administrator_ports.AdministratorRecords, AdministratorRows),
    (administrator_ports.ApiTokenRecords, ApiTokenRows),
    (administrator_ports.SessionRecords, SessionRows),
    (administrator_ports.PasskeyRecords, PasskeyRows),
    (administrator_ports.QuestionRecords, QuestionRows),
]


@pytest.mark.parametrize(("port", "rows"), PAIRS)
def test_every_method_is_there_with_the_same_parameters(port: type, rows: type) -> None:
    assert_kept(port, rows)

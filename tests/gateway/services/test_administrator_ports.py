"""The ports of administrators are met by the rows: mypy says so where app joins them; here, by name."""

import pytest

from gateway.services.administrator_ports import (
    AdministratorRecords,
    ApiTokenRecords,
    PasskeyRecords,
    QuestionRecords,
    SessionRecords,
)
from gateway.store.administrators import AdministratorRows
from gateway.store.api_tokens import ApiTokenRows
from gateway.store.passkeys import PasskeyRows, QuestionRows
from gateway.store.sessions import SessionRows


@pytest.mark.parametrize(
    ("port", "rows"),
    [
        (AdministratorRecords, AdministratorRows),
        (ApiTokenRecords, ApiTokenRows),
        (SessionRecords, SessionRows),
        (PasskeyRecords, PasskeyRows),
        (QuestionRecords, QuestionRows),
    ],
)
def test_every_method_is_there(port: type, rows: type) -> None:
    wanted = {name for name in vars(port) if not name.startswith("_")}
    assert wanted <= set(vars(rows))

"""What a traceback, a repr or a log line could tell (T28)."""

import logging
from dataclasses import fields
from pathlib import Path

import pytest

from gateway.endpoints.api.device_views import RecoveryView
from gateway.endpoints.bodies import Inspected
from gateway.endpoints.credentials import read_basic
from gateway.endpoints.door import Visit
from gateway.endpoints.errands import Errand
from gateway.endpoints.handshakes import Settled
from gateway.endpoints.headers import read_headers
from gateway.errors import GatewayError
from gateway.log import Formatter, Trace
from gateway.proxy.forward import Outbound
from gateway.records import BackendKey
from gateway.services.backend_keys import Use
from gateway.services.login import Principal
from gateway.services.recovery import Revealed
from gateway.store import migrate, open_store
from mdm.ashttp import Reply, Version
from mdm.handshake import Granted
from mdm.provision import Acknowledgement
from mdm.settings import RecoveryPassword
from tests.support import partnership as p
from tests.support.stores import NOON, device

SECRET = b"Basic YW5uOkNvcnJlY3QtSG9yc2UtMQ=="
CANARIES = ("Correct-Horse-1", "YW5uOkNvcnJlY3QtSG9yc2UtMQ", "backend-cookie", str(p.KEY))


def test_no_repr_tells_a_secret() -> None:
    raw = [(b"authorization", SECRET), (b"cookie", b"backend-cookie"), (b"x-ms-policykey", b"%d" % p.KEY)]
    headers = read_headers(raw)
    basic = read_basic(SECRET)
    assert basic is not None
    visit = Visit(
        p.request(p.query.Command.SYNC, Version.V16_1),
        headers,
        raw,
        basic,
        Principal("m", "u"),
        Trace("1", "192.0.2.1"),
    )
    outbound = Outbound("POST", "/x", [("Authorization", SECRET.decode())])
    device = p.provisioned(Version.V16_1, temporary_key=p.KEY)
    for value in (basic, headers, visit, outbound, device):
        assert not [canary for canary in CANARIES if canary in repr(value)], type(value)


@pytest.mark.parametrize(
    "value",
    [
        Reply(200, body=b"<PolicyKey>canary"),
        Acknowledgement("MS-EAS-Provisioning-WBXML", "canary", 1),
        RecoveryPassword("canary"),
        Revealed("canary", NOON),
        RecoveryView(password="canary", stored_at=NOON),
        Inspected(b"canary", more=False),
        Outbound("POST", "/x?canary", [], first=b"canary"),
        Granted(31337),
        Settled(31337, fresh=True),
        Use(31337),
        BackendKey(device().key, "exchange", policy_key=31337),
    ],
    ids=lambda value: type(value).__name__,
)
def test_nor_does_what_carries_keys_and_passwords(value: object) -> None:
    assert "canary" not in repr(value) and "31337" not in repr(value)


def test_nor_does_an_errand_tell_its_new_key() -> None:
    assert not next(field for field in fields(Errand) if field.name == "renewed").repr


def test_a_failing_statement_does_not_show_its_values(tmp_path: Path) -> None:
    """SQLAlchemy puts the values into the text of its exceptions, and a traceback shows the whole chain."""
    url = f"sqlite:///{tmp_path / 'usher.db'}"
    migrate(url)
    store = open_store(url)
    device = p.provisioned(Version.V16_1, temporary_key=p.KEY)
    record = logging.LogRecord("x", logging.ERROR, "", 0, "failed", (), None)
    with pytest.raises(GatewayError) as caught, store.write() as transaction:
        transaction.devices.add(device)
    record.exc_info = (caught.type, caught.value, caught.tb)
    assert str(p.KEY) not in Formatter(as_json=True).format(record)
    store.close()

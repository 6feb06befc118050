"""The use cases of devices as they are wired."""

from pathlib import Path

import pytest

from certs.sealing import Sealer
from gateway.app.fleet import fleet
from gateway.chance import SystemClock
from gateway.errors import GatewayError, Kind
from tests.support.desk import furnish
from tests.support.inhabited import ADMIN, PASSWORD


def test_the_sealing_secret_is_read_when_a_recovery_password_is_asked_for(tmp_path: Path) -> None:
    desk = furnish(tmp_path)
    store, asked = desk.services.store, []
    desk.services.tenants.create_organisation(ADMIN, "acme")
    desk.services.tenants.add_domain(ADMIN, "acme", "acme.test")
    desk.services.users.create(ADMIN, "acme", "ann@acme.test", password=PASSWORD)
    key = desk.phone("ann@acme.test").key
    with store.write() as transaction:
        transaction.device_passwords.put(key, b"sealed", SystemClock().now())

    def unreadable() -> Sealer:
        asked.append(key)
        raise OSError

    made = fleet(store, unreadable)
    assert made.recovery.stored_at(key) is not None
    assert asked == []
    with pytest.raises(GatewayError) as refused:
        made.recovery.reveal(ADMIN, key, "forgotten")
    assert (refused.value.kind, asked) == (Kind.UNAVAILABLE, [key])
    store.close()

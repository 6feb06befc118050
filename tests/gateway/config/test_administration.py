"""The console's name: the configuration's, whatever a request says (product 7.7)."""

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.config import Address, Admin, Config
from tests.support.desk import furnish


@pytest.fixture
def config(tmp_path: Path) -> Config:
    desk = furnish(tmp_path)
    desk.services.store.close()
    return desk.config


@pytest.mark.parametrize(
    ("admin", "bound", "origin"),
    [
        (Admin(), "127.0.0.1:8444", "https://localhost:8444"),
        (Admin(host="admin.example"), "0.0.0.0:443", "https://admin.example"),
        (Admin(port=443), "127.0.0.1:8444", "https://localhost"),
        (Admin(), "unix:/run/admin.sock", "https://localhost"),
    ],
    ids=["as bound", "named", "behind a proxy", "socket file"],
)
def test_the_origin_is_told_by_settings(config: Config, admin: Admin, bound: str, origin: str) -> None:
    listen = replace(config.listen, admin=(Address.parse(bound),))
    assert replace(config, admin=admin, listen=listen).admin_origin == origin

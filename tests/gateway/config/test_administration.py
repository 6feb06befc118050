"""The console's name: the configuration's, whatever a request says (product 7.7)."""

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.config import Address, Admin, Config, ConfigError, load
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


@pytest.mark.parametrize(
    ("lines", "key"),
    [
        ('issuer = "https://login.example"', "oidc.client_id"),
        ('issuer = "http://login.example"\nclient_id = "usher"', "oidc.issuer"),
        ('issuer = "https://10.0.0.1"\nclient_id = "usher"', "oidc.issuer"),
        ('issuer = "https://login.example"\nclient_id = "usher"\nscopes = ["email"]', "oidc.scopes"),
    ],
)
def test_a_provider_that_cannot_be_meant_is_a_fault(tmp_path: Path, lines: str, key: str) -> None:
    path = tmp_path / "usher.toml"
    path.write_text(
        f'public_host = "localhost"\n[listen]\nclients = []\nplain = ["127.0.0.1:1"]\n[oidc]\n{lines}\n'
    )
    with pytest.raises(ConfigError) as error:
        load(path, {}, check_files=False)
    assert key in [each.key for each in error.value.faults]

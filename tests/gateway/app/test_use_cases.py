"""The use cases of a process: made from the settings, connected to nothing before they are used."""

import socket
from dataclasses import replace
from pathlib import Path

from gateway.app import database_url, prepare, services
from gateway.config import Limits, StoreConfig
from gateway.services.devices import DeviceService
from tests.support.inhabited import configured
from tests.support.offering import OFFERING


def test_a_password_file_becomes_part_of_the_url_and_of_nothing_that_is_shown(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("p@ss/w:rd\n")
    store = StoreConfig(url="postgresql://usher@db.example:5432/usher", password_file=tmp_path / "password")
    config = replace(configured(tmp_path, OFFERING, Limits()), store=store)
    assert database_url(config) == "postgresql://usher:p%40ss%2Fw%3Ard@db.example:5432/usher"
    assert "p@ss" not in str(config.redacted())
    assert database_url(replace(config, store=StoreConfig(directory=tmp_path))).startswith("sqlite:///")


def test_preparing_makes_the_schema_and_may_be_done_again(tmp_path: Path) -> None:
    config = replace(configured(tmp_path, OFFERING, Limits()), store=StoreConfig(directory=tmp_path / "new"))
    (tmp_path / "new").mkdir()
    for _ in range(2):
        prepare(config)
    made = services(config)
    assert made.tenants.organisations() == []
    assert made.devices.open_wipes() == frozenset()
    made.store.close()


def test_services_connect_to_nothing_before_they_are_used(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"postgresql://usher@127.0.0.1:{listener.getsockname()[1]}/usher"
        config = replace(configured(tmp_path, OFFERING, Limits()), store=StoreConfig(url=url))
        made = services(config)
        assert isinstance(made.devices, DeviceService)
        made.store.close()
        listener.settimeout(0.05)
        try:
            listener.accept()
        except TimeoutError:
            return
    raise AssertionError("somebody has connected")

"""Mail servers and certificates of a configuration, nothing secret of them (product 7.3, 9.1)."""

import dataclasses
from pathlib import Path

from gateway.app.machine import ConfiguredMachine
from gateway.chance import SystemClock
from gateway.config import Tls
from tests.support.certificates import server_files
from tests.support.desk import Desk, furnish


def desk_with(folder: Path, tls: Tls) -> ConfiguredMachine:
    folder.mkdir(exist_ok=True)
    desk: Desk = furnish(folder)
    desk.services.store.close()
    return ConfiguredMachine(dataclasses.replace(desk.config, tls=tls), SystemClock())


def test_backends_are_shown_without_what_is_theirs_alone(tmp_path: Path) -> None:
    shown = desk_with(tmp_path, Tls()).mail_servers()
    assert [(each.name, each.host, each.encrypted) for each in shown] == [
        ("default", "127.0.0.1", False),
        ("other", "127.0.0.1", False),
    ]


async def test_a_backend_that_is_not_there_does_not_answer(tmp_path: Path) -> None:
    assert not await desk_with(tmp_path, Tls()).answers("default")


def test_where_a_proxy_has_the_certificates_there_are_none(tmp_path: Path) -> None:
    assert desk_with(tmp_path, Tls()).certificates() == []


def test_a_file_that_holds_no_certificate_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "broken.pem"
    path.write_text("nothing")
    (found,) = desk_with(tmp_path / "desk", Tls(certificate=path, key=path)).certificates()
    assert (found.level, found.names) == ("fault", ())
    assert found.findings


def test_a_certificate_is_told_with_its_names_and_dates(tmp_path: Path) -> None:
    certificate, key = server_files(tmp_path, "mail.acme.example")
    (found,) = desk_with(tmp_path / "desk", Tls(certificate=certificate, key=key)).certificates()
    assert found.names == ("mail.acme.example",)
    assert found.not_after is not None
    assert found.not_after > SystemClock().now()

"""What a demo writes before it starts."""

import stat

import pytest
from click.testing import CliRunner

from gateway.app import services
from gateway.cli.certs import dev
from gateway.cli.demo_stage import CAST, DOMAIN, NAMES, ORGANISATION, Ports, Stage
from gateway.phone.identity import QueryForm


@pytest.fixture
def stage(tmp_path):
    made = CliRunner().invoke(dev, ["--names", ",".join(NAMES), "--directory", str(tmp_path)])
    assert made.exit_code == 0, made.output
    return Stage(tmp_path, Ports(21443, 21080, 21444))


def test_the_cast_differs_in_version_and_in_how_it_finds_the_server():
    assert len({part.version for part in CAST}) == 3
    assert {part.reach for part in CAST} == {1, 2, 3}
    assert {part.form for part in CAST} == set(QueryForm)
    assert len({part.identity("x").device_id for part in CAST}) == 3


def test_the_configuration_is_what_serve_would_accept(stage):
    config = stage.config(12345)
    assert config.origin == "https://localhost:21443"
    assert config.backends["default"].url == "http://127.0.0.1:12345/Microsoft-Server-ActiveSync"
    assert config.listen.clients == stage.listen().clients
    assert config.listen.admin == stage.listen().admin
    assert config.listen.redirect == stage.listen().redirect


def test_each_set_up_is_fresh(stage):
    config = stage.config(12345)
    first = stage.set_up(config)
    second = stage.set_up(config)
    assert first != second
    assert stage.password_file.read_text() == second + "\n"
    assert stat.S_IMODE(stage.password_file.stat().st_mode) == 0o600
    made = services(config)
    try:
        assert DOMAIN in {domain.name for domain in made.tenants.domains(ORGANISATION)}
        users = made.users.list(ORGANISATION)
        assert [user.address for user in users] == [f"{part.name}@{DOMAIN}" for part in CAST]
    finally:
        made.store.close()


def test_phases_before_the_one_that_finds_the_server_lead_nowhere():
    ports = Ports()
    served = [part.detours(ports)[(DOMAIN, 443)][1] for part in CAST]
    assert served == [8443, 9, 9]

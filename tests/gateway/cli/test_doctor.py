"""``usher doctor`` as it is typed: options, output, exit codes, and no password anywhere."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli import main
from gateway.cli.doctor import NameServer
from gateway.probes.dns import Server
from tests.support.doctor_lab import ABSENT, ADDRESS, AUTODISCOVER, DOMAIN, Host, Lab, lab
from tests.support.stranger import sound

SECRET = "Very-Secret-7"
HOSTS = (Host(DOMAIN, ABSENT, ABSENT), Host(AUTODISCOVER))


def arguments(running: Lab, *more: str) -> list[str]:
    ways, dns = running.ways, running.dns
    return [
        *("doctor", ADDRESS, "--ca", str(ways.ca), "--resolver", f"{dns.host}:{dns.port}"),
        *("--https-port", str(ways.https_port), "--http-port", str(ways.http_port), *more),
    ]


@pytest.mark.nginx
def test_a_sound_deployment_ends_with_0(tmp_path: Path) -> None:
    with lab(tmp_path, *HOSTS) as running:
        done = CliRunner().invoke(main, arguments(running, "--without-password"))
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith(f"usher doctor {ADDRESS}\n")
    assert " 0 fail, " in done.stdout
    assert done.stderr == ""


@pytest.mark.nginx
def test_a_failure_ends_with_1_and_json_names_it(tmp_path: Path) -> None:
    hosts = (HOSTS[0], Host(AUTODISCOVER, identity=sound("www.acme.example")))
    with lab(tmp_path, *hosts) as running:
        done = CliRunner().invoke(main, arguments(running, "--without-password", "--json"))
    assert done.exit_code == 1
    said = json.loads(done.stdout)
    assert [each["code"] for each in said["findings"]] == ["tls.name_mismatch"]
    assert said["healthy"] is False


@pytest.mark.nginx
def test_a_family_alone(tmp_path: Path) -> None:
    with lab(tmp_path, *HOSTS) as running:
        done = CliRunner().invoke(main, arguments(running, "--without-password", "--family", "phone"))
    assert "phone: iOS" in done.stdout
    assert "outlook" not in done.stdout


@pytest.mark.nginx
@pytest.mark.parametrize("as_json", [False, True])
def test_the_password_is_read_from_a_file_and_shown_nowhere(tmp_path: Path, as_json: bool) -> None:
    file = tmp_path / "password"
    file.write_text(SECRET + "\n")
    with lab(tmp_path / "lab", *HOSTS) as running:
        more = ("--password-file", str(file), *(["--json"] if as_json else []))
        done = CliRunner().invoke(main, arguments(running, *more))
    assert done.exit_code == 1
    assert "auth.wrong_password" in done.stdout
    assert SECRET not in done.output


@pytest.mark.nginx
def test_it_may_be_typed(tmp_path: Path) -> None:
    with lab(tmp_path, *HOSTS) as running:
        done = CliRunner().invoke(main, arguments(running), input=SECRET + "\n")
    assert "auth.wrong_password" in done.stdout
    assert "Password:" in done.stderr
    assert SECRET not in done.output


@pytest.mark.nginx
def test_it_needs_neither_database_nor_configuration(tmp_path: Path) -> None:
    elsewhere = tmp_path / "empty"
    elsewhere.mkdir()
    root = str(Path(__file__).parents[3])
    with lab(tmp_path / "lab", *HOSTS) as running:
        command = [sys.executable, "-m", "gateway", *arguments(running, "--without-password")]
        done = subprocess.run(
            command, cwd=elsewhere, env={**os.environ, "PYTHONPATH": root}, capture_output=True, check=False
        )
    assert done.returncode == 0, done.stderr
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize(
    "wrong",
    [
        ("no-address",),
        (ADDRESS, "--resolver", "dns.example", "--without-password"),
        (ADDRESS, "--family", "pine", "--without-password"),
        (ADDRESS, "--ping", "70", "--without-password"),
        (ADDRESS, "--device", "--without-password"),
        (ADDRESS, "--ca", __file__, "--without-password"),
        (ADDRESS, "--password-file", os.devnull),
    ],
    ids=["address", "resolver", "family", "ping", "device", "ca", "password"],
)
def test_a_wrong_command_ends_with_2(wrong: tuple[str, ...]) -> None:
    assert CliRunner().invoke(main, ["doctor", *wrong]).exit_code == 2


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("192.0.2.1", Server("192.0.2.1")),
        ("192.0.2.1:5353", Server("192.0.2.1", 5353)),
        ("2001:db8::1", Server("2001:db8::1")),
        ("[2001:db8::1]", Server("2001:db8::1")),
        ("[2001:db8::1]:5353", Server("2001:db8::1", 5353)),
    ],
)
def test_name_servers(text: str, server: Server) -> None:
    assert NameServer().convert(text, None, None) == server


@pytest.mark.nginx
def test_on_a_terminal_it_says_what_it_asks(tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    with lab(tmp_path, *HOSTS) as running:
        command = [sys.executable, "-m", "gateway", *arguments(running, "--without-password")]
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=theirs, check=False)
    os.close(theirs)
    told = os.read(ours, 65536).decode()
    os.close(ours)
    assert done.returncode == 0
    assert f"... POST https://{AUTODISCOVER}/autodiscover/autodiscover.xml" in told

"""Settings, actor, and the exit codes on which scripts stand (product 7.4)."""

import os
import pwd
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from gateway.cli import local
from gateway.cli.local import CODES, Work, os_actor
from gateway.errors import GatewayError, Kind
from tests.support.desk import Desk


def failing(error: Exception) -> click.Command:
    @click.command()
    @local.on_store
    def fail(_work: Work) -> None:
        raise error

    return fail


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (Kind.MALFORMED, 2),
        (Kind.NOT_FOUND, 3),
        (Kind.CONFLICT, 4),
        (Kind.FORBIDDEN, 4),
        (Kind.UNSUPPORTED, 4),
        (Kind.UNAVAILABLE, 1),
        (Kind.INTERNAL, 1),
    ],
)
def test_each_kind_of_error_has_its_code(desk: Desk, kind: Kind, code: int) -> None:
    error = GatewayError(kind, "because", faults={"a": "wrong", "b": "because"})
    result = CliRunner().invoke(failing(error), ["--config", str(desk.path)])
    assert (result.exit_code, result.stdout) == (code, "")
    assert result.stderr == "usher: because\n  a: wrong\n"
    assert CODES.get(kind, 1) == code


def test_an_error_without_words_of_its_own(desk: Desk) -> None:
    result = CliRunner().invoke(failing(GatewayError(Kind.UNAVAILABLE)), ["--config", str(desk.path)])
    assert result.stderr == "usher: the database does not answer\n"


def test_a_file_that_cannot_be_used(desk: Desk) -> None:
    error = PermissionError(13, "Permission denied", "usher.db")
    result = CliRunner().invoke(failing(error), ["--config", str(desk.path)])
    assert (result.exit_code, result.stderr) == (1, "usher: usher.db: Permission denied\n")


def test_a_wrong_configuration_lists_its_faults(tmp_path: Path) -> None:
    path = tmp_path / "usher.toml"
    path.write_text("[nothing]\n")
    result = CliRunner().invoke(failing(GatewayError(Kind.INTERNAL)), ["--config", str(path)])
    assert result.exit_code == 2
    assert "nothing (line 1)" in result.stderr and "public_host" in result.stderr


def test_a_store_where_there_can_be_none(desk: Desk, tmp_path: Path) -> None:
    text = desk.path.read_text().replace(f'directory = "{tmp_path}"', f'directory = "{desk.path}/state"')
    desk.path.write_text(text)
    result = CliRunner().invoke(failing(GatewayError(Kind.INTERNAL)), ["--config", str(desk.path)])
    assert (result.exit_code, "Not a directory" in result.stderr) == (1, True)


def test_the_file_of_the_machine_is_read_when_none_is_named(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("USHER_CONFIG", raising=False)
    monkeypatch.setattr(local, "DEFAULT_FILE", desk.path)
    result = CliRunner().invoke(failing(GatewayError(Kind.NOT_FOUND, "it ran")), [])
    assert result.stderr == "usher: it ran\n"


def test_variables_alone_are_enough(desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("USHER_CONFIG", raising=False)
    monkeypatch.setattr(local, "DEFAULT_FILE", tmp_path / "none")
    for name, value in {
        "PUBLIC_HOST": "localhost",
        "LISTEN_CLIENTS": "",
        "LISTEN_ADMIN": "",
        "LISTEN_PLAIN": "127.0.0.1:1",
        "STORE_DIRECTORY": str(tmp_path),
        "BACKENDS_DEFAULT_URL": "http://127.0.0.1:1/",
    }.items():
        monkeypatch.setenv(f"USHER_{name}", value)
    result = CliRunner().invoke(failing(GatewayError(Kind.NOT_FOUND, "it ran")), [])
    assert result.stderr == "usher: it ran\n"


def test_the_actor_is_the_account_and_not_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("USER", "LOGNAME", "USERNAME", "LNAME"):
        monkeypatch.setenv(name, "somebody")
    actor = os_actor()
    assert (actor.kind, actor.name) == ("admin", f"cli:{pwd.getpwuid(os.getuid()).pw_name}")


def test_an_account_without_a_name_is_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 2**31 - 7)
    assert os_actor().name == f"cli:{2**31 - 7}"

"""The file of a session: one for each gateway, its owner's alone."""

import stat
from pathlib import Path

import pytest

from gateway.cli.session_file import file_of, forget, keep

SERVER = "https://Gateway.example:8444"


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


def test_it_is_kept_in_place_of_one_that_was(tmp_path: Path) -> None:
    for secret in ("ushs_one", "ushs_two"):
        path = keep(SERVER, secret)
        assert path.read_text() == secret + "\n"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path == file_of(SERVER)
    assert path.is_relative_to(tmp_path)


def test_one_of_anybody_else_is_not_written_into(tmp_path: Path) -> None:
    """A link that lies there is replaced and not followed."""
    path, theirs = file_of(SERVER), tmp_path / "theirs"
    path.parent.mkdir(parents=True)
    path.symlink_to(theirs)
    keep(SERVER, "ushs_one")
    assert not theirs.exists() and not path.is_symlink()


def test_it_is_forgotten_once() -> None:
    keep(SERVER, "ushs_one")
    assert forget(SERVER)
    assert not forget(SERVER)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (SERVER, "https://gateway.example:8444/", True),
        (SERVER, "https://gateway.example:8445", False),
        (SERVER, "https://other.example:8444", False),
        ("https://gateway.example", "https://gateway.example:443", True),
    ],
)
def test_each_listener_has_its_own(one: str, other: str, same: bool) -> None:
    assert (file_of(one) == file_of(other)) is same


@pytest.mark.parametrize("server", ["https://[2001:db8::1]:8444", "https://../../etc/passwd", "nothing", ""])
def test_no_server_leads_out_of_the_folder(server: str, tmp_path: Path) -> None:
    path = file_of(server)
    assert path.parent == tmp_path / "usher" / "sessions"
    assert path.resolve().parent == path.parent.resolve()


def test_without_a_variable_it_is_below_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert file_of(SERVER).is_relative_to(tmp_path / ".config")

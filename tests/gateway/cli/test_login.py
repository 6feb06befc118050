"""Signing in at a real gateway from a terminal (product 7.7): enrolling, acting, confirming, leaving."""

import io
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from certs.sealing import Sealer
from gateway.chance import SystemClock
from gateway.cli import main
from gateway.cli.session_file import file_of
from gateway.config import read_secret
from gateway.records.authority import Appointment, Role
from gateway.services.administrators import NewAdministrator
from tests.support import ports
from tests.support.accounts import PASSWORD, ROOT, ROOT_ACTOR, next_code
from tests.support.gateway_process import START_S, Gateway, gateway
from tests.support.timed_codes import code_at

NEW = "Another-Horse-2"
Line = str | Callable[[], str]


class Typist(io.RawIOBase):
    """Types a line when it is asked for, so that one can depend on what was shown before."""

    def __init__(self, *lines: Line) -> None:
        self._lines = list(lines)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray") -> int:  # type: ignore[override]
        if not self._lines or not len(buffer):
            return 0
        line = self._lines.pop(0)
        typed = ((line if isinstance(line, str) else line()) + "\n").encode()
        buffer[: len(typed)] = typed
        return len(typed)


@pytest.fixture(scope="module")
def served() -> Iterator[Gateway]:
    with gateway({"url": "http://127.0.0.1:1/"}, "example.org", users={}) as running:
        ports.wait(running.admin, START_S)
        yield running


@pytest.fixture
def usher(served: Gateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs a command against the gateway, with a home of its own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    url = f"https://localhost:{served.admin}"

    def run(*command: str, typed: tuple[Line, ...] = (), code: int = 0) -> Result:
        where = ("--server", url, "--ca-file", str(served.authority))
        result = CliRunner().invoke(main, [*command, *where], input=Typist(*typed))
        assert result.exit_code == code, result.output
        assert PASSWORD not in result.output and NEW not in result.output
        return result

    return run


@pytest.fixture
def name(served: Gateway, request: pytest.FixtureRequest) -> str:
    """An owner of whom nobody has heard."""
    name = request.node.name.removeprefix("test_")[:40]
    new = NewAdministrator(name, [Appointment(Role.OWNER)], password=PASSWORD)
    served.made.administrators.create(ROOT_ACTOR, ROOT, new)
    return name


def offered(served: Gateway, name: str) -> Callable[[], str]:
    """What the authenticator shows of the secret that was offered a moment ago."""

    def code() -> str:
        account = served.made.administrators.get(name)
        sealer = Sealer(read_secret(served.folder / "sealing.key"))
        secret = sealer.open(account.totp_offered or b"", f"second factor of {account.id}")
        return code_at(secret, SystemClock().now())

    return code


def another(served: Gateway, name: str) -> str:
    """A code that nobody has taken yet."""
    account = served.made.administrators.get(name)
    sealer = Sealer(read_secret(served.folder / "sealing.key"))
    return next_code(sealer.open(account.totp or b"", f"second factor of {account.id}"))


def kept(served: Gateway) -> Path:
    return file_of(f"https://localhost:{served.admin}")


def test_the_whole_way(served: Gateway, usher: Callable[..., Result], name: str) -> None:
    told = usher("login", typed=(name, PASSWORD, "", offered(served, name))).output
    assert f"signed in as {name}" in told and "otpauth://" in told and "Recovery codes" in told
    assert stat.S_IMODE(kept(served).stat().st_mode) == 0o600
    assert stat.S_IMODE(kept(served).parent.stat().st_mode) == 0o700
    assert name in usher("me", "show").output
    assert name in usher("admin", "list").output
    assert "confirmed until" in usher("confirm", typed=(another(served, name),)).output
    codes = usher("me", "recovery-codes").output
    assert "Recovery codes" in codes
    assert usher("logout").output.endswith("signed out\n")
    assert not kept(served).exists()
    assert "usher login" in usher("admin", "list", code=2).stderr
    recovery = codes.splitlines()[1].strip()
    assert "signed in" in usher("login", "--name", name, typed=(PASSWORD, recovery)).output


def test_a_recovered_account_is_led_to_a_new_password(
    served: Gateway, usher: Callable[..., Result], name: str
) -> None:
    password = served.made.recovering.recover(ROOT_ACTOR, name).password
    typed = (name, password, "", NEW, NEW, offered(served, name))
    assert f"signed in as {name}" in usher("login", typed=typed).output
    assert usher("me", "show").exit_code == 0


def test_what_is_wrong_leaves_no_session(served: Gateway, usher: Callable[..., Result], name: str) -> None:
    refused = usher("login", typed=(name, "Wrong-Horse-1", ""), code=4)
    assert "is wrong" in refused.stderr
    assert not kept(served).exists()


def test_a_destructive_act_says_how_to_confirm(
    served: Gateway, usher: Callable[..., Result], name: str
) -> None:
    usher("login", typed=(name, PASSWORD, "", offered(served, name)))
    account = served.made.administrators.get(name)
    with served.made.store.write() as transaction:
        (session,) = transaction.sessions.of(account.id)
        transaction.sessions.confirm(session.id, session.created_at.replace(year=2020))
    refused = usher("admin", "create", "more", "--as", "viewer", "--no-password", code=4)
    assert "usher confirm" in refused.stderr
    usher("confirm", "--password", typed=(PASSWORD,), code=4)
    usher("confirm", typed=(another(served, name),))
    usher("admin", "create", f"more-{name}", "--as", "viewer", "--no-password")


def test_an_ended_session_is_said_to_be_one(served: Gateway, usher: Callable[..., Result], name: str) -> None:
    usher("login", typed=(name, PASSWORD, "", offered(served, name)))
    served.made.administrators.set_password(ROOT_ACTOR, ROOT, name, NEW)
    assert usher("me", "show", code=4).stdout == ""
    assert usher("logout", code=4).exit_code == 4
    assert not kept(served).exists()


@pytest.mark.parametrize("command", ["login", "logout"])
def test_the_machine_itself_needs_no_session(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("USHER_SERVER", raising=False)
    result = CliRunner().invoke(main, [command], input="ann\n")
    assert (result.exit_code, "--server" in result.stderr) == (2, True)

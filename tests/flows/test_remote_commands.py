"""``usher --server``: a real gateway's admin listener over TLS, and the same answers as on its machine
(product 7.4; T7, T28)."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli import main
from mdm.ashttp import Version
from tests.support import ports
from tests.support.gateway_process import ORGANISATION, START_S, Gateway, gateway
from tests.support.world import PASSWORD, World

ANN, BOB = "ann@example.org", "bob@example.org"
Remote = Callable[..., Result]

READS = (
    ("org", "list"),
    ("org", "show", ORGANISATION),
    ("org", "safeguards", ORGANISATION),
    ("domain", "list", ORGANISATION),
    ("user", "list", ORGANISATION),
    ("user", "show", ANN),
    ("group", "list", ORGANISATION),
    ("group", "show", ORGANISATION, "Sales"),
    ("resource", "list", ORGANISATION),
    ("permission", "list", ORGANISATION),
    ("policy", "list", ORGANISATION),
    ("policy", "show", ORGANISATION),
    ("policy", "effective", ANN, "PHONE1"),
    ("rule", "list", ORGANISATION),
    ("rule", "versions", ORGANISATION),
    ("quarantine", "list", ORGANISATION),
    ("device", "list"),
    ("device", "list", "--csv"),
    ("device", "list", "--count"),
    ("device", "list", "--org", ORGANISATION, "--user", ANN, "--sort", "-device_id", "--limit", "1"),
    ("device", "show", ANN, "PHONE1"),
    ("device", "story", ANN, "PHONE2"),
    ("conduct", "suspended", ORGANISATION),
    ("conduct", "stale", ORGANISATION, "--days", "1"),
    ("conduct", "thresholds", ORGANISATION),
    ("wipe", "list", ORGANISATION),
    ("job", "list", ORGANISATION),
    ("archive", ORGANISATION),
    ("audit", "list", "--org", ORGANISATION),
    ("admin", "list"),
    ("webhook", "list"),
    ("notice", "list"),
    ("event", "list", "--org", ORGANISATION),
    ("backend", "list"),
)
"""Every group has one that shows something."""

REFUSALS = (
    (("org", "show", "nobody"), 3),
    (("device", "show", "nobody@example.org"), 3),
    (("device", "show", ANN), 2),
    (("device", "list", "--protocol", "x", "--last-seen", "y"), 2),
    (("device", "access", ANN, "PHONE1", "--level", "block", "--until", "2000-01-01T00:00:00Z"), 2),
    (("device", "cancel", ANN, "PHONE1"), 4),
)


@pytest.fixture(scope="module")
def served() -> Iterator[Gateway]:
    backend = {"url": "http://127.0.0.1:1/"}
    with gateway(backend, "example.org", users={"ann": PASSWORD, "bob": PASSWORD}) as running:
        ports.wait(running.admin, START_S)
        world = World(running.made.store)
        for number in (1, 2):
            world.provisioned_phone(running.made.users.get(ANN), f"PHONE{number}", Version.V16_1)
        world.provisioned_phone(running.made.users.get(BOB), "PHONE3", Version.V16_1)
        for command in (
            ("group", "create", ORGANISATION, "Sales"),
            ("group", "add", ORGANISATION, "Sales", ANN),
            ("permission", "grant", ORGANISATION, ANN, BOB, "full_access"),
            ("device", "wipe", BOB),
        ):
            assert invoked(*command, "--config", str(running.folder / "usher.toml")).exit_code == 0
        yield running


def invoked(*command: str) -> Result:
    return CliRunner().invoke(main, list(command))


@pytest.fixture
def here(served: Gateway) -> Remote:
    return lambda *command: invoked(*command, "--config", str(served.folder / "usher.toml"))


@pytest.fixture
def there(served: Gateway) -> Remote:
    return lambda *command, **other: invoked(*command, *where(served, **other))


def where(
    served: Gateway, url: str = "", token: Path | None = None, authority: Path | None = None
) -> tuple[str, ...]:
    token = token or served.folder / "admin.token"
    url = url or f"https://localhost:{served.admin}"
    trusted = str(authority or served.authority)
    return "--server", url, "--token-file", str(token), "--ca-file", trusted


@pytest.mark.parametrize("command", READS, ids=" ".join)
@pytest.mark.parametrize("form", ["text", "json"])
def test_the_same_is_answered_there_as_here(
    here: Remote, there: Remote, command: tuple[str, ...], form: str
) -> None:
    asked = (*command, "--json") if form == "json" else command
    answer = there(*asked)
    assert (answer.exit_code, answer.stderr) == (0, "")
    assert answer.stdout == here(*asked).stdout != ""


@pytest.mark.parametrize(("command", "code"), REFUSALS, ids=[" ".join(each) for each, _ in REFUSALS])
def test_and_refused_for_the_same_reason(
    here: Remote, there: Remote, command: tuple[str, ...], code: int
) -> None:
    for asked in (command, (*command, "--json")):
        answer = there(*asked)
        assert (answer.exit_code, answer.stdout) == (code, "")
        assert answer.stderr == here(*asked).stderr != ""


def test_what_is_done_there_is_done(served: Gateway, here: Remote, there: Remote) -> None:
    named = there("device", "name", ANN, "PHONE1", "--as", "her phone", "--reason", "a test")
    assert named.exit_code == 0
    assert "her phone" in here("device", "show", ANN, "PHONE1").stdout
    told = there("device", "wipe", "--all-of", BOB, "--wait", "--timeout", "0")
    assert (told.exit_code, "waiting for the device" in told.stdout) == (1, True)
    assert there("device", "cancel", BOB).exit_code == 0
    assert "full_access" in there("permission", "list", ORGANISATION).stdout
    (last, *_) = reversed(here("device", "story", ANN, "PHONE1").stdout.splitlines())
    assert "cli:" not in last and "a test" in last


def test_a_wrong_token_is_refused(served: Gateway, there: Remote, tmp_path: Path) -> None:
    wrong = tmp_path / "token"
    wrong.write_text("a-token-that-nobody-has-given-to-anybody-0\n")
    answer = there("device", "list", token=wrong)
    assert (answer.exit_code, answer.stdout) == (4, "")
    assert "nobody-has-given" not in answer.stderr + served.log


@pytest.mark.parametrize("content", ["", "two words", "a\nb", "caf\u00e9", "bell\x07"])
def test_a_file_without_a_token_is_told_and_not_quoted(there: Remote, tmp_path: Path, content: str) -> None:
    wrong = tmp_path / "token"
    wrong.write_text(content)
    answer = there("device", "list", token=wrong)
    assert (answer.exit_code, answer.stderr) == (2, f"usher: {wrong} holds no token\n")


def test_another_authority_is_not_trusted(served: Gateway, there: Remote, tmp_path: Path) -> None:
    assert invoked("certs", "dev", "--names", "localhost", "--directory", str(tmp_path)).exit_code == 0
    answer = there("device", "list", authority=tmp_path / "authority.pem")
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr.startswith("usher: The gateway's certificate is not trusted: ")


def test_without_tls_nothing_is_sent(served: Gateway, there: Remote) -> None:
    answer = there("device", "list", url=f"http://localhost:{served.admin}")
    assert (answer.exit_code, "over https only" in answer.stderr) == (2, True)


def test_nobody_is_there(there: Remote) -> None:
    answer = there("device", "list", url="https://localhost:1")
    assert (answer.exit_code, answer.stderr.startswith("usher: The gateway cannot be reached: ")) == (1, True)


def test_where_may_stand_in_variables(served: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USHER_SERVER", f"https://localhost:{served.admin}")
    monkeypatch.setenv("USHER_TOKEN_FILE", str(served.folder / "admin.token"))
    monkeypatch.setenv("USHER_CA_FILE", str(served.authority))
    assert "PHONE1" in invoked("device", "list").stdout


def test_the_token_is_in_no_log(served: Gateway, there: Remote) -> None:
    token = (served.folder / "admin.token").read_text().strip()
    answers = [there(*command) for command in READS[:3]] + [there(*command) for command, _ in REFUSALS]
    assert token not in served.log
    assert not [each for each in answers if token in each.output]

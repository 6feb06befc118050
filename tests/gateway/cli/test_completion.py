"""``usher completion`` (product 7.4), in the real shells."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli import main
from gateway.cli.completion import NAMED, SHELLS, VARIABLE
from tests.support.components import program
from tests.support.desk import Desk, Usher
from tests.support.terminal import terminal

SCRIPTS = Path(sys.executable).parent
"""Where ``usher`` is."""


@pytest.fixture
def environ(desk: Desk, tmp_path: Path) -> Mapping[str, str]:
    """What a shell of the test finds: ``usher`` on its path, the desk's configuration, an empty home."""
    path = os.pathsep.join([str(SCRIPTS), "/usr/bin", "/bin"])
    home = tmp_path / "home"
    home.mkdir()
    return {
        "PATH": path,
        "HOME": str(home),
        "USHER_CONFIG": str(desk.path),
        "TERM": "dumb",
        "LC_ALL": "C.UTF-8",
        "PS1": "ready> ",
    }


@pytest.fixture
def offered(desk: Desk) -> Callable[[str], list[str]]:
    """The words that ``usher`` offers for a line, the cursor at its end."""

    def offer(line: str) -> list[str]:
        asked = {VARIABLE: "bash_complete", "COMP_WORDS": line, "USHER_CONFIG": str(desk.path)}
        result = CliRunner(env=asked).invoke(main, prog_name="usher")
        assert (result.exit_code, result.stderr) == (0, "")
        return [each.removeprefix("plain,") for each in result.stdout.split()]

    return offer


@pytest.fixture
def phones(desk: Desk, ann: str) -> str:
    for device_id in ("PHONE1", "PHONE2", "TABLET"):
        desk.phone(ann, device_id)
    return ann


@pytest.mark.usefixtures("phones")
@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("usher dev", ["device"]),
        ("usher device st", ["story", "stale"]),
        ("usher device list --sta", ["--state"]),
        ("usher device access ann@acme.example PHONE1 --level bl", ["block"]),
        ("usher org show ", ["acme"]),
        ("usher org show b", []),
        ("usher device list --org a", ["acme"]),
        ("usher device show a", ["ann@acme.example"]),
        ("usher device show ann@ac", ["ann@acme.example"]),
        ("usher device show ann@acme.example ", ["PHONE1", "PHONE2", "TABLET"]),
        ("usher device show ann@acme.example pho", ["PHONE1", "PHONE2"]),
        ("usher device wipe ann@acme.example PHONE1 T", ["TABLET"]),
        ("usher device show 'ann@acme.example' T", ["TABLET"]),
        ("usher device wipe --all-of ANN@", ["ann@acme.example"]),
        ("usher device show nobody@acme.example ", []),
        ("usher device list --config /nowhere/usher.toml --org a", []),
        ("usher device list --server https://127.0.0.1:1 --org a", []),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_words_are_offered(offered: Callable[[str], list[str]], line: str, words: list[str]) -> None:
    assert sorted(offered(line)) == sorted(words)


def test_a_name_that_a_shell_would_read_is_not_offered(
    offered: Callable[[str], list[str]], desk: Desk, phones: str
) -> None:
    desk.phone(phones, "$(TOUCH)X")
    desk.phone(phones, "PHONE3;LS")
    assert offered(f"usher device show {phones} ") == ["PHONE1", "PHONE2", "TABLET"]


def test_no_database_is_made_for_a_word(
    offered: Callable[[str], list[str]], desk: Desk, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "other"
    elsewhere.mkdir()
    (elsewhere / "usher.toml").write_text(
        desk.path.read_text().replace(f'directory = "{tmp_path}"', f'directory = "{elsewhere}"')
    )
    assert offered(f"usher device list --config {elsewhere}/usher.toml --org a") == []
    assert [each.name for each in elsewhere.iterdir()] == ["usher.toml"]


def test_bash_takes_what_it_keeps_from_the_words(
    usher: Usher, environ: Mapping[str, str], tmp_path: Path, phones: str
) -> None:
    script = tmp_path / "usher.bash"
    script.write_text(usher("completion", "bash").stdout)
    ask = (
        f"source {script}; COMP_LINE='usher device wipe --all-of ann@a then more'; COMP_POINT=32;"
        ' _usher_completion usher; printf "%s\n" "${COMPREPLY[@]}"'
    )
    command = [program("bash"), "--norc", "-c", ask]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=True)
    assert (done.stdout, done.stderr) == (phones.removeprefix("ann@") + "\n", "")


def test_bash_completes_what_is_typed(environ: Mapping[str, str], phones: str) -> None:
    with terminal([program("bash"), "--norc", "--noprofile", "-i"], environ) as shell:
        shell.wait("ready> ")
        shell.type('eval "$(usher completion bash)"; echo is" "loaded\n')
        shell.wait("is loaded\n")
        shell.type("usher org show a\t\x01echo typed: \n")
        shell.wait("\ntyped: usher org show acme")


@pytest.mark.parametrize("shell", list(SHELLS))
def test_a_script_for_each_shell(usher: Usher, shell: str) -> None:
    script = usher("completion", shell).stdout
    assert f"{VARIABLE}={shell}_complete" in script and "%(" not in script


def test_another_shell_is_refused(usher: Usher) -> None:
    usher("completion", "csh", code=2)


def test_each_parameter_names_something_that_can_be_found() -> None:
    from gateway.cli import completion_names

    assert all(hasattr(completion_names, each) for each in NAMED.values())

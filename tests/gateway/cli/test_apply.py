"""``usher apply`` (product 7.5): on this machine and at a remote gateway."""

import json
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli import main
from tests.support import ports
from tests.support.desk import Desk, Usher
from tests.support.gateway_process import START_S, gateway
from tests.support.world import ADMIN, PASSWORD

PAGE = Path(__file__).parents[3] / "docs" / "declarative.md"
EXAMPLE = PAGE.read_text().split("```toml\n")[1].split("```")[0]
SMALL = """
[organisations.acme.settings]
name = "Acme Ltd"
[organisations.acme.groups.Sales]
members = ["ann@acme.example"]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "acme.toml"
    path.write_text(SMALL)
    return path


def test_the_example_of_the_documentation(usher: Usher, desk: Desk, ann: str, file: Path) -> None:
    desk.services.users.create(ADMIN, "acme", "bob@acme.example", password=PASSWORD)
    desk.phone(ann)
    file.write_text(EXAMPLE)
    plan = usher("apply", str(file), "--plan").stdout
    assert "      # touches 1 of 1 devices; 1 are under this policy\n" in plan
    assert plan.endswith("14 to add, 4 to change, 0 to remove\n")
    done = usher("apply", str(file), "--yes").stdout
    assert "done: acme: + member bob@acme.example of group Field sales\n" in done
    assert usher("apply", str(file), "--yes").stdout == "nothing to change\n"
    usher("drift", str(file))


def test_a_plan_changes_nothing(usher: Usher, ann: str, file: Path) -> None:
    plan = usher("apply", str(file), "--plan", "--detailed-exitcode", code=5).stdout
    assert plan.splitlines()[:5] == [
        "acme",
        "  ~ settings",
        "      name: Acme -> Acme Ltd",
        "  + group Sales",
        f"  + member {ann} of group Sales",
    ]
    assert usher("apply", str(file), "--plan").stdout == plan
    shown = json.loads(usher("apply", str(file), "--plan", "--json").stdout)
    assert [each["action"] for each in shown["changes"]] == ["change", "add", "add"]
    usher("apply", str(file), "--yes")
    usher("apply", str(file), "--plan", "--detailed-exitcode")


def test_it_asks_first(usher: Usher, ann: str, file: Path) -> None:
    told = usher("apply", str(file), typed="n\n", code=1).output
    assert "name: Acme -> Acme Ltd" in told and "Do this?" in told
    usher("apply", str(file), typed="", code=1)
    usher("apply", str(file), "--json", code=2)
    assert "done: acme: + group Sales" in usher("apply", str(file), typed="y\n").stdout


def test_removals_are_shown_and_done_when_asked_for(usher: Usher, ann: str, file: Path) -> None:
    usher("group", "create", "acme", "Old")
    file.write_text("[organisations.acme]\ncomplete = ['groups']\n")
    told = usher("apply", str(file), "--yes").stdout
    assert told.startswith("acme: - group Old (left out without --prune)\n")
    file.write_text(file.read_text() + "settings.name = 'New'\n")
    assert usher("apply", str(file), "--yes").stdout.splitlines() == [
        "done: acme: ~ settings",
        "acme: - group Old (left out without --prune)",
    ]
    usher("apply", str(file), "--yes", "--detailed-exitcode", code=2)
    usher("apply", str(file), "--plan", "--detailed-exitcode", code=5)
    assert usher("apply", str(file), "--yes", "--prune").stdout == "done: acme: - group Old\n"
    usher("group", "show", "acme", "Old", code=3)


def test_every_fault_and_nothing_done(usher: Usher, ann: str, file: Path, tmp_path: Path) -> None:
    file.write_text(SMALL + "[organisations.acme.rules.r]\ncolour = 1\n")
    other = tmp_path / "other.toml"
    other.write_text("[organisations.acme.groups.B]\nmembers = ['nobody']\n")
    told = usher("apply", str(file), str(other), "--yes", code=2).stderr
    assert told.startswith("usher: nothing was changed:\n")
    assert f"{file}: organisations.acme.rules.r.colour: there is no such member\n" in told
    assert f"{other}: organisations.acme.groups.B.members.0: There is no user or group nobody." in told
    usher("group", "show", "acme", "Sales", code=3)
    usher("apply", str(tmp_path / "none.toml"), code=2)
    usher("apply", code=2)


def test_what_was_done_before_a_refusal_is_told(usher: Usher, ann: str, file: Path) -> None:
    file.write_text(f"{SMALL}\n[organisations.acme.groups.Taken]\naddress = '{ann}'\n")
    told = usher("apply", str(file), "--yes", code=4)
    assert "done: acme: + group Sales\n" in told.stdout
    assert "not done: acme: + group Taken\nnot done: acme: + member ann@acme.example" in told.stderr
    shown = json.loads(usher("apply", str(file), "--yes", "--json", code=4).stdout)
    assert (shown["done"], len(shown["left"]), shown["refusal"]["title"]) == ([], 2, "conflict")


def test_from_standard_input_and_for_programs(usher: Usher, ann: str) -> None:
    shown = json.loads(usher("apply", "-", "--yes", "--json", typed=SMALL).stdout)
    assert ([each["kind"] for each in shown["done"]], shown["left"]) == (["settings", "group", "member"], [])
    shown = json.loads(usher("apply", "-", "--yes", "--json", typed=SMALL).stdout)
    assert shown == {"done": [], "left": [], "refusal": None, "withheld": []}


def wait_for(token: Path) -> None:
    """Return when the gateway has drawn its token."""
    until = time.monotonic() + START_S
    while not token.exists():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_at_a_remote_gateway(tmp_path: Path) -> None:
    file = tmp_path / "files.toml"
    with gateway({"url": "http://127.0.0.1:1/"}, "example.com", users={"ann": PASSWORD}) as running:
        wait_for(running.folder / "admin.token")
        ports.wait(running.admin, START_S)
        where = ("--server", f"https://localhost:{running.admin}", "--ca-file", str(running.authority))
        token = ("--token-file", str(running.folder / "admin.token"))

        def usher(*arguments: str, code: int = 0) -> str:
            done = CliRunner().invoke(main, [*arguments, *where, *token])
            assert done.exit_code == code, done.output
            return done.stdout

        file.write_text(SMALL.replace("acme.example", "example.com").replace("acme", "example"))
        usher("drift", str(file), code=5)
        assert "done: example: + group Sales\n" in usher("apply", str(file), "--yes")
        assert usher("apply", str(file), "--plan") == "nothing to change\n"
        file.write_text(usher("export", "example", "--complete"))
        assert "ann@example.com" in file.read_text()
        usher("drift", str(file))

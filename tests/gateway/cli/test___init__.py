"""Product 7.4: one command, its parts imported only when called."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway import cli
from gateway.cli import COMMANDS, main


def test_help_lists_what_is_installed() -> None:
    result = CliRunner().invoke(main, ["--help"])
    assert result.exit_code == 0
    assert "serve" in result.output and "check" in result.output


def test_a_missing_module_hides_its_command_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "COMMANDS", {**COMMANDS, "nowhere": "nowhere"})
    assert CliRunner().invoke(main, ["--help"]).exit_code == 0
    assert "No such command" in CliRunner().invoke(main, ["nowhere"]).output


def test_every_module_of_the_package_is_listed() -> None:
    folder = Path(cli.__file__).parent
    found = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    assert set(COMMANDS.values()) >= {
        name for name in found if f"def {name}(" in (folder / f"{name}.py").read_text()
    }


def test_the_version() -> None:
    assert CliRunner().invoke(main, ["--version"]).output.startswith("usher, version ")


def test_asking_for_help_imports_neither_server_nor_framework() -> None:
    code = (
        "import sys, gateway.cli; print([m for m in ('fastapi', 'aiohttp', 'hypercorn') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

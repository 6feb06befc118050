"""docs/command-line.md names every command, option and exit code (product 7.4)."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from gateway import cli
from gateway.cli import failures
from gateway.cli.completion import SHELLS
from tests.support.cli_corpus import commands

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_commands", DOCS / "generate_commands.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_reference_is_what_the_commands_say(generator: ModuleType) -> None:
    page = generator.DOCUMENT.read_text(encoding="utf-8")
    assert page == generator.document(page), "run python docs/generate_commands.py"


def test_every_command_has_a_line(generator: ModuleType) -> None:
    page = generator.document("")
    paths = commands()
    groups = {path[:-1] for path in paths if path}
    for path in set(paths) - groups:
        assert f"| `usher {' '.join(path)}" in page


def test_the_exit_codes_are_the_documented_ones() -> None:
    page = (DOCS / "command-line.md").read_text(encoding="utf-8")
    codes = {int(code) for code in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)}
    known = {failures.FAILED, failures.USAGE, failures.NOT_FOUND, failures.REFUSED}
    assert codes == known | {0, cli.INTERRUPTED, cli.CUT_OFF}
    assert all(f"usher completion {shell}" in page for shell in SHELLS)

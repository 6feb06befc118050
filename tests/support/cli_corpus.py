"""Golden outputs of the command line: ``tests/corpus/cli``, run and rewritten.

A file is a story on one furnished desk: command lines that begin with ``$ usher``, a dashed line, and what
they print: standard output, then standard error behind ``!``, then the exit code where it is not 0. JSON is
spread over lines. Ids, digests and times are numbered or fixed in their own width, so columns stay as they
are.

``python -m tests.support.cli_corpus`` writes all of it anew; what changed is for the reader of the
difference.
"""

import json
import re
import shlex
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from unittest.mock import patch

import click
from click.testing import CliRunner

from gateway.chance import Secrets
from gateway.cli import main
from gateway.records import Actor
from gateway.services.tenants import Settings
from mdm.ashttp import Version
from mdm.device import DeviceInformation
from tests.support.desk import Desk, furnish
from tests.support.world import ADMIN, PASSWORD

FOLDER = Path(__file__).parents[1] / "corpus" / "cli"
HELP = FOLDER / "help"
LINE = "-----"
PROMPT = "$ usher"
WIDTH = 100
"""Columns of the terminal."""

_IDS = re.compile(r"\b([a-z]{1,3}-)?([0-9a-f]{64}|[0-9a-f]{32}|[0-9a-f]{16})\b")
_TIMES = re.compile(r"\b20[0-2]\d-\d\d-\d\d([T ])\d\d:\d\d(:\d\d)(\.\d+)?(Z|\+00:00)")
_PATH = re.compile(r"/tmp/[\w./-]*?/(?=[\w.-]+\b)")


@dataclass(frozen=True)
class Case:
    """Some command lines and what they print together."""

    commands: tuple[str, ...]
    expected: str


def read(path: Path) -> list[Case]:
    """The cases of a file, in their order."""
    cases: list[Case] = []
    commands: list[str] = []
    printed: list[str] | None = None
    for line in path.read_text().splitlines():
        if line.startswith(PROMPT) and printed is not None:
            cases.append(_case(commands, printed))
            commands, printed = [], None
        if printed is not None:
            printed.append(line)
        elif line == LINE:
            printed = []
        elif line.startswith(PROMPT):
            commands.append(line.removeprefix(PROMPT).strip())
    return [*cases, _case(commands, printed or [])]


def _case(commands: list[str], printed: list[str]) -> Case:
    return Case(tuple(commands), "\n".join(printed).rstrip("\n"))


def write(path: Path, cases: list[Case]) -> None:
    blocks = []
    for case in cases:
        lines = [f"{PROMPT} {command}".rstrip() for command in case.commands]
        blocks.append("\n".join([*lines, LINE, *([case.expected] if case.expected else [])]))
    path.write_text("\n\n".join(blocks) + "\n")


def told(path: Path) -> list[Case]:
    """The same commands with what they print now."""
    with desk() as furnished, patch("gateway.cli.local.os_actor", lambda: Actor("admin", "cli:root")):
        plain = normaliser()
        return [
            Case(case.commands, plain("\n".join(_run(furnished, each) for each in case.commands)).strip("\n"))
            for case in read(path)
        ]


@contextmanager
def desk() -> Iterator[Desk]:
    """An organisation with two people, a group and four devices; ids count, so lists by id have an order."""
    numbers = count(1)
    ids = patch.object(Secrets, "identity", lambda _, prefix: f"{prefix}{next(numbers):032d}")
    with ids, tempfile.TemporaryDirectory(prefix="usher-golden-") as folder:
        made = furnish(Path(folder))
        _populate(made)
        yield made
        made.services.store.close()


def _populate(made: Desk) -> None:
    services = made.services
    services.tenants.create_organisation(ADMIN, "acme", Settings(name="Acme"))
    services.tenants.add_domain(ADMIN, "acme", "acme.example")
    for name in ("ann", "bob"):
        address = f"{name}@acme.example"
        services.users.create(ADMIN, "acme", address, display_name=name.title(), password=PASSWORD)
    services.groups.create(ADMIN, "acme", "Sales")
    services.groups.add_member(ADMIN, "acme", "Sales", "ann@acme.example")
    for number in (1, 2):
        made.phone("ann@acme.example", f"PHONE{number}")
    made.phone("bob@acme.example", "OLD1", Version.V12_1)
    tablet = made.phone("bob@acme.example", "TABLET1")
    odd = DeviceInformation(model="=1+1", friendly_name="Bob's\x1b[2J tablet", os="Android 15")
    services.devices.learn_information(tablet.key, odd, Actor("device", "x"))


def _run(furnished: Desk, command: str) -> str:
    arguments = shlex.split(command.replace("@FOLDER", str(furnished.path.parent)))
    home = str(furnished.path.parent)
    settings = {"USHER_CONFIG": str(furnished.path), "COLUMNS": str(WIDTH), "XDG_CONFIG_HOME": home}
    runner = CliRunner(env=settings)
    result = runner.invoke(main, arguments, prog_name="usher", terminal_width=WIDTH)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    lines = [_spread(line) for line in result.stdout.splitlines()]
    lines += [f"! {_spread(line)}" for line in result.stderr.splitlines()]
    lines += [f"exit {result.exit_code}"] if result.exit_code else []
    return "\n".join(line.rstrip() for line in lines)


def _spread(line: str) -> str:
    if not (line.startswith("{") and line.endswith("}")):
        return line
    return json.dumps(json.loads(line), indent=1, ensure_ascii=False)


def normaliser() -> Callable[[str], str]:
    """Numbers ids by their first appearance; every time becomes the same one."""
    known: dict[str, str] = {}

    def numbered(found: re.Match[str]) -> str:
        if found[1] is None and found[2].isdecimal():
            return found[0]
        prefix = found[1] or ""
        width = len(found[2])
        return known.setdefault(found[0], f"{prefix}{len(known) + 1:0{width}d}")

    def plain(text: str) -> str:
        text = _TIMES.sub(r"2000-01-01\g<1>00:00:00Z", _IDS.sub(numbered, text))
        return _PATH.sub("/tmp/", text)

    return plain


def commands() -> list[tuple[str, ...]]:
    """Every command and group, by the words that call it, in the order of ``--help``."""
    root = click.Context(main, info_name="usher")

    def below(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        yield path
        if isinstance(command, click.Group):
            for name in command.list_commands(root):
                inner = command.get_command(root, name)
                if inner is not None and not inner.hidden:
                    yield from below(inner, (*path, name))

    return list(below(main, ()))


@cache
def helps() -> dict[str, list[Case]]:
    """For each top-level command a file's cases: ``--help`` of everything below it."""
    files: dict[str, list[Case]] = {}
    for path in commands():
        line = " ".join((*path, "--help"))
        result = CliRunner(env={"COLUMNS": str(WIDTH)}).invoke(
            main, line.split(), prog_name="usher", terminal_width=WIDTH
        )
        files.setdefault(path[0] if path else "usher", []).append(Case((line,), result.stdout.rstrip("\n")))
    return files


def stories() -> list[Path]:
    return sorted(FOLDER.glob("*.txt"))


def rewrite() -> None:
    for path in stories():
        write(path, told(path))
    for old in HELP.glob("*.txt"):
        old.unlink()
    for name, cases in helps().items():
        write(HELP / f"{name}.txt", cases)


if __name__ == "__main__":
    rewrite()
    sys.stdout.write(f"{len(stories())} stories, {len(list(HELP.glob('*.txt')))} files of --help\n")

"""Writes the reference in docs/command-line.md from the commands: ``python docs/generate_commands.py``.

A test holds the page to it. The prose above the mark is written by hand.
"""

from collections.abc import Iterator
from pathlib import Path

import click

from gateway.cli import main

DOCUMENT = Path(__file__).with_name("command-line.md")
MARK = "<!-- From here on docs/generate_commands.py writes what the commands say of themselves. -->\n"
SHARED = frozenset({"path", "server", "token_file", "authority", "as_json", "help"})
"""Options that every command about the gateway's state has; they are explained above."""

NUMBERS = dict.fromkeys(("INTEGER", "INTEGER RANGE", "FLOAT", "FLOAT RANGE"), "N")

LONG_CHOICE = 10
"""Choices that are more than these are named by --help alone."""


def document(prose: str) -> str:
    """The page with ``prose`` before the mark."""
    head = prose.partition(MARK)[0]
    root = click.Context(main, info_name="usher")
    parts = [_part(root, name) for name in main.list_commands(root)]
    return head + MARK + "".join(parts)


def _part(root: click.Context, name: str) -> str:
    command = main.get_command(root, name)
    if command is None or command.hidden:
        return ""
    context = click.Context(command, info_name=name, parent=root)
    rows = "".join(_row(each) for each in _leaves(context))
    return f"\n### usher {name}\n\n{_words(command)}\n\n| command | does | options |\n|---|---|---|\n{rows}"


def _leaves(context: click.Context) -> Iterator[click.Context]:
    command = context.command
    if not isinstance(command, click.Group):
        yield context
        return
    for name in command.list_commands(context):
        inner = command.get_command(context, name)
        if inner is not None and not inner.hidden:
            yield from _leaves(click.Context(inner, info_name=name, parent=context))


def _row(context: click.Context) -> str:
    arguments = [
        param.make_metavar(context) for param in context.command.params if isinstance(param, click.Argument)
    ]
    options = [
        _option(param, context)
        for param in context.command.params
        if isinstance(param, click.Option) and param.name not in SHARED and not param.hidden
    ]
    line = " ".join([context.command_path, *arguments])
    return f"| {_code(line)} | {_escaped(_words(context.command))} | {', '.join(options)} |\n"


def _option(param: click.Option, context: click.Context) -> str:
    names = "/".join([*param.opts, *param.secondary_opts])
    if param.is_flag or param.count:
        return _code(names)
    choices = param.type.choices if isinstance(param.type, click.Choice) else ()
    metavar = "CHOICE" if len(choices) > LONG_CHOICE else param.make_metavar(context)
    return _code(f"{names} {NUMBERS.get(metavar, metavar)}")


def _words(command: click.Command) -> str:
    """The first paragraph of its help, on one line."""
    return " ".join((command.help or "").partition("\n\n")[0].split())


def _code(text: str) -> str:
    return f"`{_escaped(text)}`"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    DOCUMENT.write_text(document(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")

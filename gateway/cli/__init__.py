"""The ``usher`` command (product 7.4): one file per noun, imported only when it is called.

``usher serve`` must answer within two seconds of its start, so no command pays for another's imports.
"""

import importlib
import importlib.util
import os
import sys
from collections.abc import Mapping
from keyword import iskeyword
from types import MappingProxyType
from typing import Any

import click
from click.shell_completion import CompletionItem

from gateway.cli.completion import completing, know_names

COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "serve": "serve",
        "check": "serve",
        "demo": "demo",
        "org": "org",
        "domain": "domain",
        "scp": "scp",
        "user": "user",
        "group": "group",
        "resource": "resource",
        "permission": "permission",
        "policy": "policy",
        "rule": "rule",
        "apply": "apply",
        "drift": "drift",
        "export": "export",
        "quarantine": "quarantine",
        "device": "device",
        "conduct": "conduct",
        "wipe": "wipe",
        "offboard": "offboard",
        "job": "job",
        "archive": "archive",
        "audit": "audit",
        "event": "event",
        "backend": "backend",
        "webhook": "webhook",
        "notice": "notice",
        "import": "import_users",
        "backup": "backup",
        "restore": "backup",
        "certs": "certs",
        "nginx": "nginx",
        "phone": "phone",
        "completion": "completion",
        "doctor": "doctor",
        "admin": "admin",
        "token": "token",
        "login": "login",
        "logout": "login",
        "confirm": "login",
        "me": "me",
    }
)
"""Command name to the module of this package that defines a click command of that name; a word of Python
has ``_`` behind it there."""


INTERRUPTED, CUT_OFF = 130, 141
"""Exit codes by Ctrl-C, and where nobody reads on: what a shell says of a program that a signal ended."""


class Lazy(click.Group):
    """A group whose commands are imported when they are looked at."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The commands of this installation."""
        return [name for name, module in COMMANDS.items() if importlib.util.find_spec(f"{__name__}.{module}")]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command; None when there is none of that name."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"{__name__}.{COMMANDS[cmd_name]}")
        command = getattr(module, f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name)
        if not isinstance(command, click.Command):
            return None
        if completing():
            know_names(command)
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Commands by their names alone: what they do would cost the import of each."""
        names = [CompletionItem(each) for each in self.list_commands(ctx) if each.startswith(incomplete)]
        return [*names, *click.Command.shell_complete(self, ctx, incomplete)]

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; Ctrl-C and a reader that went away (``usher ... | head``) end it quietly."""
        as_json = "--json" in ctx.args
        try:
            return super().invoke(ctx)
        except (KeyboardInterrupt, click.Abort) as stopped:
            if not isinstance(stopped.__context__ or stopped, KeyboardInterrupt):
                raise
            sys.exit(INTERRUPTED)
        except BrokenPipeError:
            # What is buffered has nowhere to go: the interpreter would complain when it flushes at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(CUT_OFF)
        except click.UsageError as error:
            if not as_json:
                raise
            from gateway.cli.failures import usage_line  # noqa: PLC0415 - no command pays for it otherwise

            click.echo(usage_line(error), err=True)
            sys.exit(error.exit_code)


@click.command(cls=Lazy)
@click.version_option(package_name="usher-gateway", prog_name="usher")
def main() -> None:
    """Usher, an AutoDiscover and mobile device management gateway."""

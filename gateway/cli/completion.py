"""``usher completion`` (product 7.4): a shell completes commands, options, choices, and the names there are.

The scripts are click's own, but for bash's; they ask ``usher`` itself, with ``_USHER_COMPLETE`` set. Then a
parameter that names an organisation, a user or a device knows the names (``gateway.cli.completion_names``).
Devices name themselves, so a name that would not be one plain word of every shell is left out (T22).
"""

import contextlib
import importlib
import io
import os
import re
from collections.abc import Mapping
from typing import Any

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    add_completion_class,
    split_arg_string,
)

VARIABLE = "_USHER_COMPLETE"

_BASH = """\
%(complete_func)s() {
    local line typed kept kind value
    line="${COMP_LINE:0:COMP_POINT}"
    typed="${line##*[[:space:]]}"
    kept="${typed%%"${typed##*["$COMP_WORDBREAKS"]}"}"
    COMPREPLY=()
    while IFS=, read -r kind value; do
        case "$kind" in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain) COMPREPLY+=("${value#"$kept"}") ;;
        esac
    done < <(COMP_WORDS="$line" %(complete_var)s=bash_complete "$1" 2>/dev/null)
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""


@add_completion_class
class WholeWords(BashComplete):
    """bash, whose own words end at every ``@``: an address is read from the line, and what bash keeps of it
    is taken from the answers. click's script would take ``ann@acme.example`` for three arguments."""

    source_template = _BASH

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the one that is completed, without ``usher``, and that one."""
        line = os.environ["COMP_WORDS"]
        words = split_arg_string(line)
        begun = "" if not words or line[-1:].isspace() else words.pop()
        return words[1:], begun


SHELLS: Mapping[str, type[ShellComplete]] = {"bash": WholeWords, "zsh": ZshComplete, "fish": FishComplete}
NAMED: Mapping[str, str] = {
    "organisation": "organisations",
    "address": "owners",
    "owner": "owners",
    "all_of": "owners",
    "device_id": "device_ids",
    "device_ids": "device_ids",
}
"""Parameters of all commands to what they name: a function of ``gateway.cli.completion_names``."""

_WORD = re.compile(r"[A-Za-z0-9_.@+-]+")


@click.command()
@click.argument("shell", type=click.Choice(list(SHELLS)))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print what makes SHELL complete the words of usher.

    For bash: eval "$(usher completion bash)"
    """
    script = SHELLS[shell](ctx.find_root().command, {}, "usher", VARIABLE)
    click.echo(script.source_template % script.source_vars())


def completing() -> bool:
    """Whether this process was started to complete a word."""
    return VARIABLE in os.environ


def know_names(command: click.Command) -> None:
    """Make the parameters of ``command`` and of all below it know the names that there are."""
    if isinstance(command, click.Group):
        for each in command.commands.values():
            know_names(each)
    for param in command.params:
        if (param.name or "") in NAMED and not isinstance(param.type, Names):
            param.type = Names(param.type, NAMED[param.name or ""])


class Names(click.ParamType[Any]):
    """A parameter's type that knows what there is to be named."""

    def __init__(self, inner: click.ParamType[Any], find: str) -> None:
        self.name = inner.name
        self._inner = inner
        self._find = find

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """As without names."""
        return self._inner.convert(value, param, ctx)

    def shell_complete(
        self,
        ctx: click.Context,
        param: click.Parameter,  # noqa: ARG002 - click's signature
        incomplete: str,
    ) -> list[CompletionItem]:
        """The names that begin with what was typed; none, and not a word, whatever stands in the way."""
        with contextlib.redirect_stderr(io.StringIO()):
            try:
                finders = importlib.import_module("gateway.cli.completion_names")
                found: list[str] = getattr(finders, self._find)(ctx.params, incomplete)
            except (Exception, SystemExit):
                return []
        begun = incomplete.casefold()
        words = [each for each in found if _WORD.fullmatch(each) and each.casefold().startswith(begun)]
        return [CompletionItem(each) for each in words]

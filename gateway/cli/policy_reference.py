"""``usher policy templates`` and ``usher policy honours``: what depends on no organisation (4.1, 4.5).

They need no store: whoever writes a policy looks here first.
"""

import json

import click

from gateway.cli.local import USAGE, end
from gateway.cli.tables import listing, table
from gateway.endpoints.api.policy_reference import SettingView, honours, templates
from mdm.families import LABELS, Answer
from mdm.templates import BY_NAME

MARKS = {Answer.HONOURS: "yes", Answer.IGNORES: "no", Answer.UNKNOWN: "?"}
"""A question mark where nobody has published it."""

as_json = click.option("--json", "as_json", is_flag=True, help="Answer for programs.")


@click.command("templates")
@click.argument("name", required=False)
@as_json
def templates_(name: str | None, as_json: bool) -> None:
    """List policies to start from, or print the document of NAME."""
    if name is not None:
        if name not in BY_NAME:
            end(f"there is no template {name}", USAGE)
        click.echo(json.dumps(dict(BY_NAME[name].document), indent=2))
    elif as_json:
        click.echo(templates().model_dump_json())
    else:
        rows = ((each.name, each.title) for each in templates().items)
        click.echo(table(("TEMPLATE", "MEANING"), rows))


@click.command("honours")
@click.option("--family", type=click.Choice(sorted(LABELS)), help="One family, with its source.")
@as_json
def honours_(family: str | None, as_json: bool) -> None:
    """Show which client families really honour which setting: yes, no, or ? where nobody has said."""
    found = honours()
    if as_json:
        click.echo(found.model_dump_json())
        return
    told = [each for each in found.families if family in (None, each.name)]
    rows = [_row(each, [one.name for one in told]) for each in found.settings]
    click.echo(table(("SETTING", *(each.name for each in told)), rows))
    if family is not None:
        click.echo("\n" + "\n".join(listing(each.model_dump()) for each in told))


COMMANDS = (templates_, honours_)


def _row(setting: SettingView, families: list[str]) -> tuple[str, ...]:
    return (setting.name, *(MARKS[setting.families.get(name, Answer.UNKNOWN)] for name in families))

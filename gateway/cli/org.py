"""``usher org``: organisations (product 1). Exit codes: ``gateway.cli.local``."""

from collections.abc import Callable
from typing import Any

import click

from gateway.cli import rule_texts
from gateway.cli.api import at, named
from gateway.cli.local import USAGE, Work, end, on_store
from gateway.cli.org_safeguards import safeguards
from gateway.cli.tables import table
from gateway.endpoints.api.organisations import OrganisationList, OrganisationView
from gateway.endpoints.api.rule_views import ImpactView
from gateway.endpoints.api.rules import DefaultView
from gateway.records import OrganisationState, Signal, UserSource
from mdm.device import AccessLevel

ENUMS = {
    "state": OrganisationState,
    "user_source": UserSource,
    "provisioning_signal": Signal,
    "default_access": AccessLevel,
}


@click.group()
def org() -> None:
    """Make, change and remove organisations."""


org.add_command(safeguards)


def _settings(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say how an organisation is to be."""

    def choice(name: str, text: str) -> Any:
        words = [member.value for member in ENUMS[name]]
        return click.option(f"--{name.replace('_', '-')}", name, type=click.Choice(words), help=text)

    options = (
        click.option("--name", help="Name for people."),
        choice("state", "Only Active serves clients."),
        choice("user_source", "Where its users come from."),
        click.option("--backend", help="Name of a backend in the configuration."),
        choice("provisioning_signal", "How devices are told to provision."),
        click.option("--legacy-versions/--no-legacy-versions", default=None, help="Serve 2.5 and 12.0 too."),
        click.option("--strict-absent-key/--no-strict-absent-key", default=None, help="Answer 141, not 142."),
        choice("default_access", "For devices that no rule speaks of."),
        click.option("--device-limit", type=int, help="Devices of one user."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@org.command("list")
@on_store
def list_(work: Work) -> None:
    """List the organisations of this gateway."""
    found = work.api.whole(at("organisations"), OrganisationList)
    rows = ((each.alias, each.name, each.state, each.user_source, each.backend) for each in found.items)
    work.show(found, lambda: table(("ALIAS", "NAME", "STATE", "USERS FROM", "BACKEND"), rows))


@org.command()
@click.argument("organisation")
@on_store
def show(work: Work, organisation: str) -> None:
    """Show ORGANISATION, by alias or id."""
    work.show_fields(work.api.get(at("organisations", organisation), OrganisationView))


@org.command()
@click.argument("alias")
@_settings
@on_store
def create(work: Work, /, alias: str, **wanted: Any) -> None:
    """Make an organisation called ALIAS."""
    work.show_fields(work.api.post(at("organisations"), OrganisationView, {"alias": alias, **named(wanted)}))


@org.command("set")
@click.argument("organisation")
@_settings
@click.option("--spare-known", is_flag=True, help="With --default-access: devices known by now stay allowed.")
@click.option("--dry-run", is_flag=True, help="With --default-access: only say who would be cut off.")
@click.option("--force", is_flag=True, help="With --default-access: even if nobody would be let in any more.")
@on_store
def set_(
    work: Work, /, organisation: str, spare_known: bool, dry_run: bool, force: bool, **wanted: Any
) -> None:
    """Change settings of ORGANISATION; what is not named stays."""
    level, rest = wanted.pop("default_access"), named(wanted)
    if level is None and (spare_known or dry_run or force):
        end("--spare-known, --dry-run and --force go with --default-access", USAGE)
    place = at("organisations", organisation)
    change = {"level": level, "spare_known": spare_known}
    if level is not None and dry_run:
        told = work.api.post(f"{place}/access/default/rehearse", ImpactView, change)
        work.show(told, lambda: rule_texts.impact(told))
        return
    if level is not None:
        work.api.put(f"{place}/access/default", DefaultView, change, force=force)
    work.show_fields(work.api.patch(place, OrganisationView, rest))


@org.command()
@click.argument("organisation")
@click.argument("state", type=click.Choice([state.value for state in OrganisationState]))
@on_store
def state(work: Work, organisation: str, state: str) -> None:
    """Put ORGANISATION into another STATE; only Active serves clients."""
    work.show_fields(work.api.patch(at("organisations", organisation), OrganisationView, {"state": state}))


@org.command()
@click.argument("organisation")
@click.option(
    "--alias", "typed", prompt="Type its alias to remove it with all it has", help="Its alias again."
)
@click.option("--force", is_flag=True, help="Even while a wipe is pending.")
@on_store
def remove(work: Work, organisation: str, typed: str, force: bool) -> None:
    """Remove ORGANISATION with domains, users, devices and policies; its audit trail stays."""
    work.api.delete(at("organisations", organisation), alias=typed, force=force)
    work.show({"removed": organisation}, lambda: f"removed {organisation}")

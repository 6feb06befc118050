"""``usher domain``: mail domains (product 1). Exit codes: ``gateway.cli.local``."""

import click

from gateway.cli.api import at
from gateway.cli.domain_records import records, verify
from gateway.cli.local import Work, on_store
from gateway.cli.tables import table
from gateway.endpoints.api.domains import DomainList, DomainView


@click.group()
def domain() -> None:
    """Give mail domains to organisations."""


@domain.command("list")
@click.argument("organisation")
@on_store
def list_(work: Work, organisation: str) -> None:
    """List the domains of ORGANISATION."""
    found = work.api.get(_domains(organisation), DomainList)
    rows = ((each.name, each.default, each.backend) for each in found.items)
    work.show(found, lambda: table(("DOMAIN", "DEFAULT", "BACKEND"), rows))


@domain.command()
@click.argument("organisation")
@click.argument("name")
@on_store
def add(work: Work, organisation: str, name: str) -> None:
    """Give the domain NAME to ORGANISATION; its first one becomes the default."""
    made = work.api.post(_domains(organisation), DomainView, {"name": name})
    work.show(made, lambda: f"added {made.name}{' (default)' if made.default else ''}")


@domain.command()
@click.argument("organisation")
@click.argument("name")
@on_store
def default(work: Work, organisation: str, name: str) -> None:
    """Make NAME the default domain of ORGANISATION; no existing address changes."""
    chosen = work.api.patch(_domains(organisation) + at(name), DomainView, {"default": True})
    work.show(chosen, lambda: f"{chosen.name} is the default")


@domain.command()
@click.argument("organisation")
@click.argument("name")
@click.argument("backend", default="")
@on_store
def route(work: Work, organisation: str, name: str, backend: str) -> None:
    """Send the mailboxes of NAME to BACKEND; without one they follow ORGANISATION."""
    routed = work.api.patch(_domains(organisation) + at(name), DomainView, {"backend": backend})
    work.show(routed, lambda: f"{routed.name} goes to {backend or 'the backend of its organisation'}")


@domain.command()
@click.argument("organisation")
@click.argument("name")
@on_store
def remove(work: Work, organisation: str, name: str) -> None:
    """Take NAME away from ORGANISATION; no address may use it."""
    work.api.delete(_domains(organisation) + at(name))
    work.show({"removed": name}, lambda: f"removed {name}")


def _domains(organisation: str) -> str:
    return at("organisations", organisation, "domains")


domain.add_command(records)
domain.add_command(verify)

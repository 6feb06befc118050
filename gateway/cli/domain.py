"""``usher domain``: mail domains (product 1). Exit codes: ``gateway.cli.local``."""

import click

from gateway.cli.domain_records import records, verify
from gateway.cli.local import Work, on_store
from gateway.cli.tables import table
from gateway.endpoints.api.domains import DomainList, view


@click.group()
def domain() -> None:
    """Give mail domains to organisations."""


@domain.command("list")
@click.argument("organisation")
@on_store
def list_(work: Work, organisation: str) -> None:
    """List the domains of ORGANISATION."""
    found = work.services.tenants.domains(organisation)
    work.show(
        DomainList(items=[view(each) for each in found]),
        lambda: table(
            ("DOMAIN", "DEFAULT", "BACKEND"), ((each.name, each.default, each.backend) for each in found)
        ),
    )


@domain.command()
@click.argument("organisation")
@click.argument("name")
@on_store
def add(work: Work, organisation: str, name: str) -> None:
    """Give the domain NAME to ORGANISATION; its first one becomes the default."""
    made = work.services.tenants.add_domain(work.actor, organisation, name)
    work.show(view(made), lambda: f"added {made.name}{' (default)' if made.default else ''}")


@domain.command()
@click.argument("organisation")
@click.argument("name")
@on_store
def default(work: Work, organisation: str, name: str) -> None:
    """Make NAME the default domain of ORGANISATION; no existing address changes."""
    chosen = work.services.tenants.make_default(work.actor, organisation, name)
    work.show(view(chosen), lambda: f"{chosen.name} is the default")


@domain.command()
@click.argument("organisation")
@click.argument("name")
@click.argument("backend", default="")
@on_store
def route(work: Work, organisation: str, name: str, backend: str) -> None:
    """Send the mailboxes of NAME to BACKEND; without one they follow ORGANISATION."""
    routed = work.services.tenants.route_domain(work.actor, organisation, name, backend)
    work.show(view(routed), lambda: f"{routed.name} goes to {backend or 'the backend of its organisation'}")


@domain.command()
@click.argument("organisation")
@click.argument("name")
@on_store
def remove(work: Work, organisation: str, name: str) -> None:
    """Take NAME away from ORGANISATION; no address may use it."""
    work.services.tenants.remove_domain(work.actor, organisation, name)
    work.show({"removed": name}, lambda: f"removed {name}")


domain.add_command(records)
domain.add_command(verify)

"""``usher resource``: rooms and equipment (product 1). Exit codes: ``gateway.cli.local``."""

from typing import Any

import click

from gateway.cli.api import at, named
from gateway.cli.local import Work, on_store
from gateway.cli.tables import table
from gateway.endpoints.api.resources import ResourceList, ResourceView
from gateway.records import EntityState, ResourceKind

KINDS = click.Choice([kind.value for kind in ResourceKind])
STATES = click.Choice([state.value for state in EntityState])


@click.group()
def resource() -> None:
    """Make, change and remove rooms and equipment; RESOURCE is an address or an id."""


@resource.command("list")
@click.argument("organisation")
@on_store
def list_(work: Work, organisation: str) -> None:
    """List the resources of ORGANISATION."""
    found = work.api.whole(_resources(organisation), ResourceList)
    rows = ((each.address, each.name, each.kind, each.state) for each in found.items)
    work.show(found, lambda: table(("ADDRESS", "NAME", "KIND", "STATE"), rows))


@resource.command()
@click.argument("organisation")
@click.argument("resource")
@on_store
def show(work: Work, organisation: str, resource: str) -> None:
    """Show a RESOURCE of ORGANISATION."""
    work.show_fields(work.api.get(_resources(organisation, resource), ResourceView))


@resource.command()
@click.argument("organisation")
@click.argument("address")
@click.option("--name", default="", help="Name for people; the address if not given.")
@click.option("--kind", type=KINDS, default=ResourceKind.ROOM.value, show_default=True)
@on_store
def create(work: Work, organisation: str, address: str, name: str, kind: str) -> None:
    """Make a resource of ORGANISATION with this ADDRESS."""
    wanted = {"address": address, "name": name or None, "kind": kind}
    work.show_fields(work.api.post(_resources(organisation), ResourceView, wanted))


@resource.command("set")
@click.argument("organisation")
@click.argument("resource")
@click.option("--name", help="Name for people.")
@click.option("--address", help="Another mail address.")
@click.option("--kind", type=KINDS)
@click.option("--state", type=STATES)
@on_store
def set_(work: Work, /, organisation: str, resource: str, **wanted: Any) -> None:
    """Change a RESOURCE of ORGANISATION; what is not named stays."""
    work.show_fields(work.api.patch(_resources(organisation, resource), ResourceView, named(wanted)))


@resource.command()
@click.argument("organisation")
@click.argument("resource")
@on_store
def remove(work: Work, organisation: str, resource: str) -> None:
    """Remove a RESOURCE of ORGANISATION with the permissions on it."""
    work.api.delete(_resources(organisation, resource))
    work.show({"removed": resource}, lambda: f"removed {resource}")


def _resources(organisation: str, *parts: str) -> str:
    return at("organisations", organisation, "resources", *parts)

"""``usher resource``: rooms and equipment (product 1). Exit codes: ``gateway.cli.local``."""

from collections.abc import Iterator

import click

from gateway.cli.local import Work, on_store
from gateway.cli.tables import listing, table
from gateway.endpoints.api.resources import ResourceList, view
from gateway.records import EntityState, Resource, ResourceKind
from gateway.services.resources import ResourceChanges

PAGE = 1000
"""Resources read at once."""

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
    found = list(_everything(work, organisation))
    rows = ((each.address, each.name, each.kind, each.state) for each in found)
    work.show(
        ResourceList(items=[view(each) for each in found], next=None),
        lambda: table(("ADDRESS", "NAME", "KIND", "STATE"), rows),
    )


@resource.command()
@click.argument("organisation")
@click.argument("resource")
@on_store
def show(work: Work, organisation: str, resource: str) -> None:
    """Show a RESOURCE of ORGANISATION."""
    _show(work, work.services.resources.get(organisation, resource))


@resource.command()
@click.argument("organisation")
@click.argument("address")
@click.option("--name", default="", help="Name for people; the address if not given.")
@click.option("--kind", type=KINDS, default=ResourceKind.ROOM.value, show_default=True)
@on_store
def create(work: Work, organisation: str, address: str, name: str, kind: str) -> None:
    """Make a resource of ORGANISATION with this ADDRESS."""
    made = work.services.resources.create(work.actor, organisation, address, name, ResourceKind(kind))
    _show(work, made)


@resource.command("set")
@click.argument("organisation")
@click.argument("resource")
@click.option("--name", help="Name for people.")
@click.option("--address", help="Another mail address.")
@click.option("--kind", type=KINDS)
@click.option("--state", type=STATES)
@on_store
def set_(
    work: Work,
    organisation: str,
    resource: str,
    name: str | None,
    address: str | None,
    kind: str | None,
    state: str | None,
) -> None:
    """Change a RESOURCE of ORGANISATION; what is not named stays."""
    changes = ResourceChanges(
        name, address, ResourceKind(kind) if kind else None, EntityState(state) if state else None
    )
    _show(work, work.services.resources.change(work.actor, organisation, resource, changes))


@resource.command()
@click.argument("organisation")
@click.argument("resource")
@on_store
def remove(work: Work, organisation: str, resource: str) -> None:
    """Remove a RESOURCE of ORGANISATION with the permissions on it."""
    work.services.resources.remove(work.actor, organisation, resource)
    work.show({"removed": resource}, lambda: f"removed {resource}")


def _everything(work: Work, organisation: str) -> Iterator[Resource]:
    after = ""
    while page := work.services.resources.list(organisation, after=after, limit=PAGE):
        yield from page
        after = page[-1].address


def _show(work: Work, resource: Resource) -> None:
    shown = view(resource)
    work.show(shown, lambda: listing(shown.model_dump()))

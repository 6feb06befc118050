"""``usher archive``: devices that left the list by themselves (product 5.7)."""

import click

from gateway.cli.local import Work, on_store
from gateway.cli.tables import table
from gateway.endpoints.api.archive import ArchivedList, view

PAGE = 1000
HEADINGS = ("DEVICEID", "ADDRESS", "WHY", "ARCHIVED AT")


@click.command()
@click.argument("organisation")
@on_store
def archive(work: Work, organisation: str) -> None:
    """List the archived devices of ORGANISATION, the youngest first; ``--json`` has their stories."""
    found = list(work.services.archive.list(organisation, limit=PAGE))
    rows = ((each.key.device_id, each.address, each.cause, each.archived_at) for each in found)
    work.show(ArchivedList(items=[view(each) for each in found], next=None), lambda: table(HEADINGS, rows))

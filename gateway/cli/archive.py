"""``usher archive``: devices that left the list by themselves (product 5.7)."""

from collections.abc import Sequence

import click

from gateway.cli.api import at
from gateway.cli.local import Work, on_store
from gateway.cli.paging import show_pages
from gateway.endpoints.api.archive import ArchivedList, ArchivedView

HEADINGS = ("DEVICEID", "ADDRESS", "WHY", "ARCHIVED AT")


@click.command()
@click.argument("organisation")
@on_store
def archive(work: Work, organisation: str) -> None:
    """List the archived devices of ORGANISATION, the youngest first; ``--json`` has their stories."""
    show_pages(
        work, work.api.pages(at("organisations", organisation, "archive"), ArchivedList), HEADINGS, _row
    )


def _row(each: ArchivedView) -> Sequence[object]:
    return each.device_id, each.address, each.cause, each.archived_at

"""``usher backend``: the mail servers of the configuration (product 9). Exit codes: ``gateway.cli.local``."""

import click

from gateway.cli.api import at
from gateway.cli.local import FAILED, Work, on_store
from gateway.cli.tables import table
from gateway.endpoints.api.machine import AnsweredView, BackendList


@click.group()
def backend() -> None:
    """See the mail servers, and ask whether they answer."""


@backend.command("list")
@on_store
def list_(work: Work) -> None:
    """List the mail servers of the configuration."""
    found = work.api.get(at("backends"), BackendList)
    rows = ((each.name, each.host, each.kind, each.encrypted, each.organisations) for each in found.items)
    work.show(found, lambda: table(("NAME", "HOST", "KIND", "TLS", "DEFAULT OF"), rows))


@backend.command()
@click.argument("name")
@on_store
def test(work: Work, name: str) -> None:
    """Ask the mail server NAME now; ends with 1 where it does not answer."""
    told = work.api.post(at("backends", name, "test"), AnsweredView)
    work.show(told, lambda: f"{told.name} {'answers' if told.answers else 'does not answer'}")
    if not told.answers:
        raise SystemExit(FAILED)

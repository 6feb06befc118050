"""``usher user app-passwords``: what phones of a user show instead of the password (product 7.8)."""

import click

from gateway.cli.api import at
from gateway.cli.found import owner
from gateway.cli.local import Work, on_store
from gateway.cli.tables import table
from gateway.endpoints.api.app_passwords import AppPasswordList

HEADINGS = ("ID", "LABEL", "DEVICE", "MADE", "EXPIRES", "LAST USED")


@click.group("app-passwords")
def passwords_of_apps() -> None:
    """List and revoke the app passwords that a user has made."""


@passwords_of_apps.command("list")
@click.argument("address")
@on_store
def list_(work: Work, address: str) -> None:
    """List the app passwords of the user with this ADDRESS."""
    found = work.api.get(_place(work, address), AppPasswordList)
    rows = (
        (each.id, each.label, each.device_id, each.created_at, each.expires_at, each.last_used_at)
        for each in found.items
    )
    work.show(found, lambda: table(HEADINGS, rows))


@passwords_of_apps.command()
@click.argument("address")
@click.argument("identity", metavar="APP_PASSWORD")
@click.option("--reason", default="", help="Why, for the audit trail.")
@on_store
def revoke(work: Work, address: str, identity: str, reason: str) -> None:
    """Take an APP_PASSWORD of the user with this ADDRESS back for good, by its id."""
    place = f"{_place(work, address)}{at(identity)}"
    work.api.delete(place, reason=reason)
    work.show({"revoked": identity}, lambda: f"revoked {identity}")


def _place(work: Work, address: str) -> str:
    user = owner(work, address)
    return at("organisations", user.organisation, "users", user.id, "app-passwords")

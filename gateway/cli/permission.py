"""``usher permission``: whose mailbox is opened to whom (product 1). Exit codes: ``gateway.cli.local``."""

import click

from gateway.cli.api import at
from gateway.cli.local import Work, on_store
from gateway.cli.tables import cell, table
from gateway.endpoints.api.permissions import PermissionList, PermissionView
from gateway.records import Right

RIGHTS = click.Choice([right.value for right in Right])


@click.group()
def permission() -> None:
    """Open mailboxes to users and groups.

    MAILBOX is the address of a user or resource, GRANTEE a user's address or a group.
    """


@permission.command("list")
@click.argument("organisation")
@click.option("--mailbox", default="", help="Only on this mailbox.")
@click.option("--grantee", default="", help="Only of this user or group.")
@on_store
def list_(work: Work, organisation: str, mailbox: str, grantee: str) -> None:
    """List the permissions of ORGANISATION."""
    found = work.api.whole(_place(organisation), PermissionList, mailbox=mailbox, grantee=grantee)
    rows = ((each.mailbox, each.grantee, _rights(each)) for each in found.items)
    work.show(found, lambda: table(("MAILBOX", "GRANTEE", "RIGHTS"), rows))


@permission.command()
@click.argument("organisation")
@click.argument("mailbox")
@click.argument("grantee")
@click.argument("rights", nargs=-1, required=True, type=RIGHTS)
@on_store
def grant(work: Work, organisation: str, mailbox: str, grantee: str, rights: tuple[str, ...]) -> None:
    """Give GRANTEE exactly these RIGHTS on MAILBOX: full_access, send_as, send_on_behalf."""
    given = work.api.put(_place(organisation, mailbox, grantee), PermissionView, {"rights": list(rights)})
    work.show(given, lambda: f"{cell(given.grantee)} has {_rights(given)} on {cell(given.mailbox)}")


@permission.command()
@click.argument("organisation")
@click.argument("mailbox")
@click.argument("grantee")
@on_store
def revoke(work: Work, organisation: str, mailbox: str, grantee: str) -> None:
    """Take every right of GRANTEE on MAILBOX away."""
    work.api.delete(_place(organisation, mailbox, grantee))
    work.show({"revoked": [mailbox, grantee]}, lambda: f"{grantee} has no right on {mailbox}")


def _place(organisation: str, *parts: str) -> str:
    return at("organisations", organisation, "permissions", *parts)


def _rights(permission: PermissionView) -> str:
    return ", ".join(right.value for right in permission.rights)

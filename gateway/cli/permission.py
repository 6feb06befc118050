"""``usher permission``: whose mailbox is opened to whom (product 1). Exit codes: ``gateway.cli.local``."""

from collections.abc import Iterator

import click

from gateway.cli.local import Work, on_store
from gateway.cli.tables import cell, table
from gateway.endpoints.api.permissions import PermissionList, view
from gateway.records import Right
from gateway.services.permissions import Permission

PAGE = 1000
"""Permissions read at once."""

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
    found = list(_everything(work, organisation, mailbox, grantee))
    rows = ((each.mailbox, each.grantee, _rights(each)) for each in found)
    work.show(
        PermissionList(items=[view(each) for each in found], next=None),
        lambda: table(("MAILBOX", "GRANTEE", "RIGHTS"), rows),
    )


@permission.command()
@click.argument("organisation")
@click.argument("mailbox")
@click.argument("grantee")
@click.argument("rights", nargs=-1, required=True, type=RIGHTS)
@on_store
def grant(work: Work, organisation: str, mailbox: str, grantee: str, rights: tuple[str, ...]) -> None:
    """Give GRANTEE exactly these RIGHTS on MAILBOX: full_access, send_as, send_on_behalf."""
    wanted = [Right(right) for right in rights]
    given = work.services.permissions.grant(work.actor, organisation, mailbox, grantee, wanted)
    work.show(view(given), lambda: f"{cell(given.grantee)} has {_rights(given)} on {cell(given.mailbox)}")


@permission.command()
@click.argument("organisation")
@click.argument("mailbox")
@click.argument("grantee")
@on_store
def revoke(work: Work, organisation: str, mailbox: str, grantee: str) -> None:
    """Take every right of GRANTEE on MAILBOX away."""
    work.services.permissions.revoke(work.actor, organisation, mailbox, grantee)
    work.show({"revoked": [mailbox, grantee]}, lambda: f"{grantee} has no right on {mailbox}")


def _everything(work: Work, organisation: str, mailbox: str, grantee: str) -> Iterator[Permission]:
    after = ("", "")
    while page := work.services.permissions.list(
        organisation, mailbox=mailbox, grantee=grantee, after=after, limit=PAGE
    ):
        yield from page
        after = (page[-1].grant.mailbox, page[-1].grant.grantee)


def _rights(permission: Permission) -> str:
    return ", ".join(right.value for right in Right if right in permission.grant.rights)

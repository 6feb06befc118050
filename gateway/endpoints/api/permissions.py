"""``/organisations/{organisation}/permissions`` of the REST API: whose mailbox is opened to whom (product 1,
7.3)."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from gateway.endpoints.api.calls import Body, Page, Plain, Query, With, choice, needs
from gateway.endpoints.api.cursors import read_texts, write_cursor
from gateway.records import Actor, Right
from gateway.records.authority import Permission as Needed
from gateway.services.permissions import Permission

router = APIRouter(prefix="/organisations/{organisation}/permissions", tags=["permissions"])

Reader = Annotated[Actor, needs(Needed.MAILBOX_READ)]
Writer = Annotated[Actor, needs(Needed.MAILBOX_WRITE)]


class Filter(Page):
    """Permissions on one mailbox, or of one grantee."""

    mailbox: Plain = ""
    grantee: Plain = ""


class Rights(Body):
    """What the grantee may do from now on: exactly this."""

    rights: Annotated[list[Annotated[Right, choice()]], Field(min_length=1)]


class PermissionView(BaseModel):
    """A permission as it is shown; addresses, or a group's name where it has none."""

    mailbox: str
    mailbox_id: str
    grantee: str
    grantee_id: str
    rights: list[Right]


class PermissionList(BaseModel):
    """A page of permissions."""

    items: list[PermissionView]
    next: str | None


def view(permission: Permission) -> PermissionView:
    return PermissionView(
        mailbox=permission.mailbox,
        mailbox_id=permission.grant.mailbox,
        grantee=permission.grantee,
        grantee_id=permission.grant.grantee,
        rights=[right for right in Right if right in permission.grant.rights],
    )


@router.get("")
def list_permissions(organisation: str, query: Query[Filter], use: With, _actor: Reader) -> PermissionList:
    """Permissions of an organisation."""
    mailbox, grantee = read_texts(query.cursor, 2) or ("", "")
    found = use.permissions.list(
        organisation,
        mailbox=query.mailbox,
        grantee=query.grantee,
        after=(mailbox, grantee),
        limit=query.limit,
    )
    last = found[-1].grant if len(found) == query.limit else None
    following = write_cursor(last.mailbox, last.grantee) if last else None
    return PermissionList(items=[view(each) for each in found], next=following)


@router.put("/{mailbox}/{grantee}")
def grant_permission(
    organisation: str, mailbox: str, grantee: str, body: Rights, use: With, actor: Writer
) -> PermissionView:
    """Open the mailbox of a user or resource to a user or group; it shows in AutoDiscover within a minute."""
    return view(use.permissions.grant(actor, organisation, mailbox, grantee, body.rights))


@router.delete("/{mailbox}/{grantee}", status_code=204)
def revoke_permission(organisation: str, mailbox: str, grantee: str, use: With, actor: Writer) -> None:
    """Take every right of the grantee on the mailbox away."""
    use.permissions.revoke(actor, organisation, mailbox, grantee)

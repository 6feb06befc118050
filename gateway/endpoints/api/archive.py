"""``/organisations/{organisation}/archive`` of the REST API: devices that left the list by themselves."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel

from gateway.endpoints.api.calls import Page, Query, With, needs
from gateway.endpoints.api.cursors import read_number, write_cursor
from gateway.records import Actor, ArchiveCause, ArchivedDevice
from gateway.records.authority import Permission

router = APIRouter(prefix="/organisations/{organisation}/archive", tags=["devices"])

Reader = Annotated[Actor, needs(Permission.DEVICE_READ)]


class ArchivedView(BaseModel):
    """A device as it was when it left the list, with its story."""

    user: str
    address: str
    device_id: str
    cause: ArchiveCause
    archived_at: datetime
    snapshot: dict[str, Any]
    story: list[dict[str, Any]]


class ArchivedList(BaseModel):
    """A page of archived devices, the youngest first."""

    items: list[ArchivedView]
    next: str | None


def view(archived: ArchivedDevice) -> ArchivedView:
    return ArchivedView(
        user=archived.key.user,
        address=archived.address,
        device_id=archived.key.device_id,
        cause=archived.cause,
        archived_at=archived.archived_at,
        snapshot=dict(archived.snapshot),
        story=[dict(each) for each in archived.story],
    )


@router.get("")
def list_archived(organisation: str, query: Query[Page], use: With, _actor: Reader) -> ArchivedList:
    """Devices that were archived, after a wipe or because nobody heard of them."""
    found = use.archive.list(organisation, before=read_number(query.cursor), limit=query.limit)
    full = len(found) == query.limit
    following = write_cursor(found[-1].sequence) if full else None
    return ArchivedList(items=[view(each) for each in found], next=following)

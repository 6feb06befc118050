"""``/devices`` of the REST API (product 5.1): the device list over all organisations that are within reach.

Here an organisation may stand in a cursor, as the place where a page ended and nothing else: the store
filters by the reach of who asks, so a made-up place skips devices and never shows one more (T35).
"""

from typing import Annotated

from fastapi import APIRouter

from gateway.endpoints.api.calls import Query, UseCases, With, needs
from gateway.endpoints.api.cursors import malformed_cursor, read_place, write_cursor
from gateway.endpoints.api.device_queries import DeviceQuery, DeviceQuestion
from gateway.endpoints.api.device_views import DeviceCounts, DeviceList, counts_view, view
from gateway.records import Actor
from gateway.records.authority import Permission
from gateway.records.inventory import Place
from gateway.services.inventory import Question

router = APIRouter(prefix="/devices", tags=["devices"])

Reader = Annotated[Actor, needs(Permission.DEVICE_READ)]


@router.get("")
def list_all_devices(query: Query[DeviceQuery], use: With, _actor: Reader) -> DeviceList:
    """Devices of all organisations: any filter, any order (docs/device-list.md)."""
    question = _question(use, query)
    found = use.inventory.find(question, after=_place(question, query.cursor), limit=query.limit)
    items = [view(device, found.addresses.get(device.key.user, "")) for device in found.devices]
    return DeviceList(items=items, next=_next(question, found.next))


@router.get("/counts")
def count_all_devices(query: Query[DeviceQuestion], use: With, _actor: Reader) -> DeviceCounts:
    """How many devices of all organisations answer a question, by state, client family and protocol."""
    return counts_view(use.inventory.counts(_question(use, query)))


def _question(use: UseCases, query: DeviceQuestion) -> Question:
    owner = use.users.get(query.user).id if query.user is not None else None
    return Question(None, owner, query.fields(), query.search or "", query.sort)


def _place(question: Question, cursor: str) -> Place | None:
    match read_place(cursor, question.mark()):
        case None:
            return None
        case (value, str(organisation), str(user), str(device_id)):
            return Place(value, organisation, user, device_id)
        case _:
            raise malformed_cursor()


def _next(question: Question, place: Place | None) -> str | None:
    if place is None:
        return None
    return write_cursor(question.mark(), place.value, place.organisation, place.user, place.device_id)

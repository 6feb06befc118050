"""``/organisations/{organisation}/devices`` of the REST API (product 5, 7.3).

A device is named by its user (id or address) and its DeviceId. Policy keys are secrets and no part of any
answer (T28); what a client reports of itself stands under ``reported``.
"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter

from gateway.endpoints.api.calls import (
    Bearer,
    Body,
    Filter,
    Plain,
    Query,
    UseCases,
    With,
    choice,
    needs,
    word,
)
from gateway.endpoints.api.cursors import malformed_cursor, read_place, write_cursor
from gateway.endpoints.api.device_queries import DeviceQuery, DeviceQuestion
from gateway.endpoints.api.device_views import (
    DeviceCounts,
    DeviceList,
    DeviceSheet,
    DeviceView,
    RecoveryView,
    counts_view,
    owned_view,
    sheet_view,
    view,
)
from gateway.endpoints.api.moments import aware
from gateway.endpoints.api.signposts import SHOWN_ONCE
from gateway.records import Actor
from gateway.records.authority import Permission
from gateway.records.inventory import Place
from gateway.services.inventory import Question
from gateway.services.reasons import tidy_reason
from mdm.device import AccessLevel

router = APIRouter(prefix="/organisations/{organisation}/devices", tags=["devices"])
ONE = "/{user}/{device_id}"
PLACE = 3
"""Parts of a place in a cursor: the value that was sorted by, user, DeviceId."""

Reader = Annotated[Actor, needs(Permission.DEVICE_READ)]
Writer = Annotated[Actor, needs(Permission.DEVICE_WRITE)]
Remover = Annotated[Actor, needs(Permission.DEVICE_WRITE, destructive=True)]
Recoverer = Annotated[Actor, needs(Permission.DEVICE_RECOVERY, destructive=True)]
Reason = Annotated[str, word(tidy_reason)]


class Because(Body):
    """An act that may have a reason."""

    reason: Reason = ""


UNTOLD = Because()


class Naming(Because):
    """An administrator's name for the device; an empty one takes it away."""

    alias: Plain


class Revelation(Body):
    """Why somebody has to know the password; it may not be empty."""

    reason: Reason


class AccessChange(Because):
    """An override for this partnership; null lets the rules decide."""

    level: Annotated[AccessLevel, choice()] | None
    until: Annotated[datetime, choice()] | None = None


class Removal(Filter):
    """``force`` removes a device whose wipe is pending; its tombstone goes on delivering it."""

    force: bool = False
    reason: Reason = ""


@router.get("")
def list_devices(organisation: str, query: Query[DeviceQuery], use: With, _actor: Reader) -> DeviceList:
    """Devices of an organisation: any filter, any order (docs/device-list.md)."""
    question = _question(use, organisation, query)
    after = _place(question, query.cursor)
    found = use.inventory.find(question, after=after, limit=query.limit)
    items = [view(device, found.addresses.get(device.key.user, "")) for device in found.devices]
    return DeviceList(items=items, next=_next(question, found.next))


@router.get("/counts")
def count_devices(organisation: str, query: Query[DeviceQuestion], use: With, _actor: Reader) -> DeviceCounts:
    """How many devices answer a question, by state, client family and protocol."""
    return counts_view(use.inventory.counts(_question(use, organisation, query)))


@router.get(ONE)
def get_device(organisation: str, user: str, device_id: str, use: With, _actor: Reader) -> DeviceSheet:
    """One device, or what is left of a removed one whose wipe is pending."""
    sheet = use.inventory.sheet(use.finder.key(organisation, user, device_id))
    return sheet_view(sheet, use.finder.owners([sheet.device])[sheet.device.key.user])


@router.patch(ONE)
def name_device(
    organisation: str, user: str, device_id: str, body: Naming, use: With, actor: Writer
) -> DeviceView:
    """Give a device a name beside what it reports."""
    key = use.finder.key(organisation, user, device_id)
    return owned_view(use.finder, use.inventory.rename(actor, key, body.alias, body.reason))


@router.post(ONE + "/provision")
def provision(
    organisation: str, user: str, device_id: str, use: With, actor: Writer, body: Because = UNTOLD
) -> DeviceView:
    """Make the device fetch its policy again."""
    key = use.finder.key(organisation, user, device_id)
    return owned_view(use.finder, use.devices.require_provisioning(actor, key, body.reason))


@router.put(ONE + "/access")
def set_access(
    organisation: str, user: str, device_id: str, body: AccessChange, use: With, actor: Writer
) -> DeviceView:
    """Allow, block or quarantine this device whatever the rules say."""
    key = use.finder.key(organisation, user, device_id)
    return owned_view(
        use.finder, use.devices.set_access(actor, key, body.level, body.reason, aware(body.until))
    )


@router.post(ONE + "/password/reveal", openapi_extra=SHOWN_ONCE)
def reveal_password(
    organisation: str, user: str, device_id: str, body: Revelation, use: With, actor: Recoverer
) -> RecoveryView:
    """Read the recovery password of a device; it stands in the audit trail before it is answered."""
    key = use.finder.key(organisation, user, device_id)
    revealed = use.recovery.reveal(actor, key, body.reason)
    return RecoveryView(password=revealed.password, stored_at=revealed.stored_at)


@router.delete(ONE, status_code=204)
def remove_device(
    organisation: str,
    user: str,
    device_id: str,
    query: Query[Removal],
    use: With,
    actor: Remover,
    bearer: Bearer,
) -> None:
    """Take a device off the list; it may enrol as new. ``force`` may end a wipe, as cancelling one does, and
    takes the same permission."""
    if query.force:
        use = bearer.require(Permission.DEVICE_WIPE)
    key = use.finder.key(organisation, user, device_id)
    use.devices.remove(actor, key, force=query.force, reason=query.reason)


def _question(use: UseCases, organisation: str, query: DeviceQuestion) -> Question:
    home = use.finder.organisation(organisation)
    owner = use.finder.user(home.id, query.user).id if query.user is not None else None
    return Question(home.id, owner, query.fields(), query.search or "", query.sort)


def _place(question: Question, cursor: str) -> Place | None:
    """The organisation is never taken from a cursor (T35)."""
    parts = read_place(cursor, question.mark())
    if parts is None:
        return None
    if len(parts) != PLACE or not all(isinstance(part, str) for part in parts[1:]):
        raise malformed_cursor()
    return Place(parts[0], question.organisation or "", str(parts[1]), str(parts[2]))


def _next(question: Question, place: Place | None) -> str | None:
    return write_cursor(question.mark(), place.value, place.user, place.device_id) if place else None

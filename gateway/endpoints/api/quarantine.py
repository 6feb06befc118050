"""``/organisations/{organisation}/quarantine`` of the REST API: devices that wait for an approval (product
6.5). What a client says of itself stands under ``reported``, as everywhere."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from gateway.endpoints.api.calls import Body, Page, Plain, Query, UseCases, With, choice, needs, word
from gateway.endpoints.api.cursors import read_texts, write_cursor
from gateway.endpoints.api.device_views import DeviceView, owned_view
from gateway.endpoints.api.device_views import view as device_view
from gateway.endpoints.api.moments import aware
from gateway.errors import GatewayError, Kind
from gateway.records import Actor
from gateway.records.authority import Permission
from gateway.services.quarantine import Approval, Waiting
from gateway.services.reasons import tidy_reason
from mdm.device import Device, DeviceKey

router = APIRouter(prefix="/organisations/{organisation}/quarantine", tags=["quarantine"])
BULK_LIMIT = 500
"""Devices in one call."""

Reader = Annotated[Actor, needs(Permission.DEVICE_READ)]
Writer = Annotated[Actor, needs(Permission.DEVICE_WRITE)]
RuleWriter = Annotated[Actor, needs(Permission.RULE_WRITE)]
Reason = Annotated[str, word(tidy_reason)]


class Named(Body):
    """A device, by its user's id or address and its DeviceId."""

    user: Plain
    device_id: Plain


class Choice(Body):
    """Devices that are approved or rejected together."""

    devices: Annotated[list[Named], Field(min_length=1, max_length=BULK_LIMIT)]
    reason: Reason = ""
    until: Annotated[datetime, choice()] | None = None


class OfModel(Body):
    """A model, as the devices report it, to the letter."""

    model: Plain
    reason: Reason = ""


class OfUser(Body):
    """A user; ``by_rule`` lets in the devices to come as well."""

    user: Plain
    by_rule: bool = False
    reason: Reason = ""


class QueueFilter(Page):
    """Which devices: of one user."""

    user: Plain | None = None


class WaitingView(BaseModel):
    """A device in the queue: since when, why, how often it came, and what kind of client it seems to be."""

    since: datetime
    reason: str
    rules: list[str]
    requests: int
    last_request: datetime
    family: str
    display_name: str
    device: DeviceView


class WaitingList(BaseModel):
    """A page of the queue, who waits longest first."""

    items: list[WaitingView]
    next: str | None


class Settled(BaseModel):
    """One device of a call for many: the device as it is now, or why nothing was done, with the ``title``
    that a problem document for it alone would have."""

    user: str
    device_id: str
    device: DeviceView | None
    problem: str
    title: str


class SettledList(BaseModel):
    """Every device of the call, in its order."""

    items: list[Settled]


class StillWaiting(BaseModel):
    """A device that was meant and waits all the same, and why."""

    user: str
    device_id: str
    reason: str


class ApprovalView(BaseModel):
    """Whom an approval released, whom it did not, and the rule that it made."""

    released: list[Named]
    waiting: list[StillWaiting]
    rules_version: int | None


def waiting_view(waiting: Waiting) -> WaitingView:
    held = waiting.held
    return WaitingView(
        since=held.since,
        reason=held.reason,
        rules=list(held.rules),
        requests=held.requests,
        last_request=held.last_request,
        family=waiting.family.label,
        display_name=waiting.user.display_name,
        device=device_view(waiting.device, waiting.user.address),
    )


def approval_view(approval: Approval) -> ApprovalView:
    return ApprovalView(
        released=[Named(user=key.user, device_id=key.device_id) for key in approval.released],
        waiting=[
            StillWaiting(user=key.user, device_id=key.device_id, reason=reason)
            for key, reason in approval.waiting
        ],
        rules_version=approval.saved.book.version if approval.saved else None,
    )


@router.get("")
def get_queue(organisation: str, query: Query[QueueFilter], use: With, _actor: Reader) -> WaitingList:
    """Devices that wait for an approval."""
    owner = use.finder.user(organisation, query.user).id if query.user is not None else None
    place = _place(query.cursor)
    found = use.quarantine.queue(organisation, user=owner, after=place, limit=query.limit)
    last = found[-1].held if len(found) == query.limit else None
    cursor = write_cursor(last.since.isoformat(), last.key.user, last.key.device_id) if last else None
    return WaitingList(items=[waiting_view(each) for each in found], next=cursor)


@router.post("/approve")
def approve(organisation: str, body: Choice, use: With, actor: Writer) -> SettledList:
    """Let devices in."""
    until = aware(body.until)
    return _each(use, organisation, body, lambda key: use.quarantine.approve(actor, key, body.reason, until))


@router.post("/reject")
def reject(organisation: str, body: Choice, use: With, actor: Writer) -> SettledList:
    """Block devices."""
    return _each(use, organisation, body, lambda key: use.quarantine.reject(actor, key, body.reason))


@router.post("/approve_model")
def approve_model(organisation: str, body: OfModel, use: With, actor: RuleWriter) -> ApprovalView:
    """Let in every device that reports this model, those to come too, by a rule."""
    return approval_view(use.quarantine.approve_model(actor, organisation, body.model, body.reason))


@router.post("/approve_user")
def approve_user(organisation: str, body: OfUser, use: With, actor: RuleWriter) -> ApprovalView:
    """Let in every device of a user that waits now, or by a rule those to come as well."""
    chosen = use.quarantine.approve_user_by_rule if body.by_rule else use.quarantine.approve_user
    return approval_view(chosen(actor, organisation, body.user, body.reason))


def _each(use: UseCases, organisation: str, body: Choice, act: Callable[[DeviceKey], Device]) -> SettledList:
    """Do it for every device that is named; one that is not there keeps none of the others waiting."""
    items = []
    for named in body.devices:
        device, problem, title = None, "", ""
        try:
            key = use.finder.key(organisation, named.user, named.device_id)
            done = act(key)
            device = owned_view(use.finder, done)
        except GatewayError as error:
            if error.kind not in (Kind.NOT_FOUND, Kind.CONFLICT):
                raise
            problem, title = error.public, error.kind.value
        items.append(
            Settled(user=named.user, device_id=named.device_id, device=device, problem=problem, title=title)
        )
    return SettledList(items=items)


def _place(cursor: str) -> tuple[datetime, str, str] | None:
    texts = read_texts(cursor, 3)
    if not texts:
        return None
    try:
        at = datetime.fromisoformat(texts[0])
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise GatewayError(Kind.MALFORMED, "The cursor is none of ours.")
    return at, texts[1], texts[2]

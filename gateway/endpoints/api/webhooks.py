"""``/organisations/{organisation}/webhooks`` and ``/webhooks`` of the REST API (product 7.9).

The second are told of the whole gateway, and so need their permission for all of it.
"""

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from gateway.endpoints.api.calls import Bearer, Body, Filter, Query, With, choice
from gateway.endpoints.api.cursors import read_number, write_cursor
from gateway.endpoints.api.homes import add_to_both
from gateway.endpoints.api.signposts import SHOWN_ONCE
from gateway.records import Actor, AuditTag
from gateway.records.authority import Permission
from gateway.records.events import Delivery, Progress, Webhook
from gateway.services.webhooks import OVERLAP, Secreted, WebhookChanges

router = APIRouter(prefix="/organisations/{organisation}/webhooks", tags=["webhooks"])
everywhere = APIRouter(prefix="/webhooks", tags=["webhooks"])

Tag = Annotated[AuditTag, choice()]


class NewWebhook(Body):
    """A receiver; without ``types`` it is told everything."""

    url: str
    description: str = ""
    types: Annotated[list[Tag], Field(default_factory=list)]
    enabled: bool = True
    allow_private: bool = False


class WebhookPatch(Body):
    """What is to be changed; what is left out stays."""

    url: str | None = None
    description: str | None = None
    types: list[Tag] | None = None
    enabled: bool | None = None
    allow_private: bool | None = None


class Rotation(Body):
    """For how long the former secret signs too."""

    overlap_hours: Annotated[int, Field(ge=0, le=720)] = int(OVERLAP.total_seconds()) // 3600


class WebhookView(BaseModel):
    """A webhook; ``cursor`` is the last record that was looked at for it, ``stopped`` why it was switched off
    by itself."""

    id: str
    organisation: str
    url: str
    description: str
    types: list[AuditTag]
    enabled: bool
    allow_private: bool
    cursor: int
    created_at: datetime
    both_secrets_until: datetime | None
    failing_since: datetime | None
    stopped: str


class SecretedWebhook(WebhookView):
    """A webhook with its secret, which is shown this once."""

    secret: str


class WebhookList(BaseModel):
    """All of them, oldest first."""

    items: list[WebhookView]


class DeliveryView(BaseModel):
    """An event on its way; ``sequence`` is its record's number."""

    sequence: int
    event: str
    type: AuditTag
    state: Progress
    attempts: int
    created_at: datetime
    next_at: datetime | None
    ended_at: datetime | None
    status: int
    error: str


class DeliveryList(BaseModel):
    """A page, the youngest event first."""

    items: list[DeliveryView]
    next: str | None


class DeliveryFilter(Filter):
    """Which deliveries."""

    cursor: str = ""
    limit: Annotated[int, Field(ge=1, le=1000)] = 100
    state: Progress | None = None


class ReplayFrom(Filter):
    """After which record everything is sent once more."""

    after: Annotated[int, Field(ge=0, lt=2**63)]


class Revived(BaseModel):
    """How many deliveries are sent once more."""

    deliveries: int


UNTOLD = Rotation()


def view(webhook: Webhook) -> WebhookView:
    return WebhookView(**_values(webhook))


def delivery_view(delivery: Delivery) -> DeliveryView:
    return DeliveryView(
        sequence=delivery.event,
        event=f"e-{delivery.event}",
        type=delivery.type,
        state=delivery.state,
        attempts=delivery.attempts,
        created_at=delivery.created_at,
        next_at=delivery.next_at if delivery.state is Progress.PENDING else None,
        ended_at=delivery.ended_at,
        status=delivery.status,
        error=delivery.error,
    )


def _routes(router: APIRouter, at: Any, read: Any, write: Any) -> None:
    """What there is, and changing it."""

    @router.get("")
    def list_webhooks(use: With, home: str = at, _actor: Actor = read) -> WebhookList:
        """The webhooks that are there."""
        return WebhookList(items=[view(each) for each in use.webhooks.list(home)])

    @router.post("", status_code=201, openapi_extra=SHOWN_ONCE)
    def create_webhook(
        body: NewWebhook, use: With, bearer: Bearer, home: str = at, actor: Actor = write
    ) -> SecretedWebhook:
        """Make one; it is told what happens from now on. Its secret is in this answer and in no other."""
        return _secreted(use.webhooks.create(actor, home, _changes(body), everywhere=_for_all(bearer)))

    @router.get("/{webhook}")
    def get_webhook(webhook: str, use: With, home: str = at, _actor: Actor = read) -> WebhookView:
        """One webhook."""
        return view(use.webhooks.get(home, webhook))

    @router.patch("/{webhook}")
    def change_webhook(
        webhook: str, body: WebhookPatch, use: With, bearer: Bearer, home: str = at, actor: Actor = write
    ) -> WebhookView:
        """Change it; one that is switched on again goes on where it was."""
        changes = _changes(body)
        return view(use.webhooks.change(actor, home, webhook, changes, everywhere=_for_all(bearer)))

    @router.delete("/{webhook}", status_code=204)
    def remove_webhook(webhook: str, use: With, home: str = at, actor: Actor = write) -> None:
        """Remove it with all that is on its way."""
        use.webhooks.remove(actor, home, webhook)

    @router.post("/{webhook}/rotate", openapi_extra=SHOWN_ONCE)
    def rotate_secret(
        webhook: str, use: With, home: str = at, actor: Actor = write, body: Rotation = UNTOLD
    ) -> SecretedWebhook:
        """Give it another secret; for a while both sign."""
        return _secreted(use.webhooks.rotate(actor, home, webhook, timedelta(hours=body.overlap_hours)))


def _delivery_routes(router: APIRouter, at: Any, read: Any, write: Any) -> None:
    """What is put on its way, and what was."""

    @router.post("/{webhook}/test", status_code=202)
    def test_webhook(webhook: str, use: With, home: str = at, actor: Actor = write) -> DeliveryView:
        """Put an event on its way to it alone; its deliveries tell what came of it."""
        return delivery_view(use.webhooks.test(actor, home, webhook))

    @router.post("/{webhook}/replay")
    def replay_events(
        webhook: str, query: Query[ReplayFrom], use: With, home: str = at, actor: Actor = write
    ) -> WebhookView:
        """Send everything once more that happened after a record."""
        return view(use.webhooks.replay(actor, home, webhook, query.after))

    @router.get("/{webhook}/deliveries")
    def list_deliveries(
        webhook: str, query: Query[DeliveryFilter], use: With, home: str = at, _actor: Actor = read
    ) -> DeliveryList:
        """Deliveries, the youngest event first; ``state=dead`` is what was given up."""
        return _deliveries(use, home, webhook, query)

    @router.post("/{webhook}/deliveries/replay")
    def replay_dead(webhook: str, use: With, home: str = at, actor: Actor = write) -> Revived:
        """Send everything once more that was given up."""
        return Revived(deliveries=use.webhooks.revive(actor, home, webhook))

    @router.post("/{webhook}/deliveries/{sequence}/replay")
    def replay_one(webhook: str, sequence: int, use: With, home: str = at, actor: Actor = write) -> Revived:
        """Send one delivery once more."""
        return Revived(deliveries=use.webhooks.revive(actor, home, webhook, _event(sequence)))


def _secreted(made: Secreted) -> SecretedWebhook:
    return SecretedWebhook(**_values(made.webhook), secret=made.secret)


def _values(webhook: Webhook) -> dict[str, Any]:
    names = set(WebhookView.model_fields) - {"both_secrets_until"}
    return {name: getattr(webhook, name) for name in names} | {"both_secrets_until": webhook.former_until}


def _changes(body: NewWebhook | WebhookPatch) -> WebhookChanges:
    types = tuple(body.types) if body.types is not None else None
    return WebhookChanges(body.url, body.description, types, body.enabled, body.allow_private)


def _for_all(bearer: Bearer) -> bool:
    return bearer.authority.reach(Permission.WEBHOOK_WRITE).everything


def _deliveries(use: With, organisation: str, webhook: str, query: DeliveryFilter) -> DeliveryList:
    found = use.webhooks.deliveries(
        organisation,
        webhook,
        states=[query.state] if query.state else (),
        before=read_number(query.cursor),
        limit=query.limit,
    )
    full = len(found) == query.limit
    return DeliveryList(
        items=[delivery_view(each) for each in found], next=write_cursor(found[-1].event) if full else None
    )


def _event(sequence: int) -> int:
    """A number that no record has is that of none, whatever a database would say to it."""
    return sequence if 0 < sequence < 2**63 else 0


add_to_both(
    router,
    everywhere,
    Permission.WEBHOOK_READ,
    Permission.WEBHOOK_WRITE,
    _routes,
    _delivery_routes,
)

"""Orders of wipes and off-boardings, as the REST API and the command line show them (product 5.3, 5.6)."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from gateway.endpoints.api.device_views import DeviceView
from gateway.records import Job, JobState
from gateway.services.offboarding import progress
from mdm.device import WipeKind
from mdm.orders import Progress, WipeOrder, in_words


class OrderView(BaseModel):
    """One order; ``words`` says how far it has come and claims no more than is known. ``address`` is the
    primary one of the user, empty for one who is gone."""

    id: str
    organisation: str
    user: str
    address: str
    device_id: str
    kind: WipeKind
    progress: Progress
    words: str
    requested_at: datetime
    requested_by: str
    reason: str
    expires_at: datetime | None
    approved_at: datetime | None
    approved_by: str
    ordered_at: datetime | None
    delivered_at: datetime | None
    acknowledged_at: datetime | None
    failures: int
    failed_status: int | None
    ended_at: datetime | None
    ended_by: str
    ended_why: str
    job: str


class OrderList(BaseModel):
    """A page of orders, the youngest first."""

    items: list[OrderView]
    next: str | None


class OrderedView(DeviceView):
    """The device after a request, with the order that the request made or found."""

    order: OrderView


class ChoiceView(BaseModel):
    """A kind of wipe as it is offered: what stands against it, what it erases, what it needs."""

    kind: WipeKind
    obstacle: str
    erases: str
    approval: bool
    type_name: str


class ChoiceList(BaseModel):
    """Account-only first."""

    items: list[ChoiceView]


class JobView(BaseModel):
    """A job; ``words`` says how far it has come."""

    id: str
    organisation: str
    kind: str
    user: str
    state: JobState
    step: str
    words: str
    created_at: datetime
    created_by: str
    updated_at: datetime
    deadline: datetime
    reason: str
    document: dict[str, Any]


class JobList(BaseModel):
    """A page of jobs, the youngest first."""

    items: list[JobView]
    next: str | None


_HERE = frozenset(("organisation", "user", "address", "device_id", "words"))


def order_view(order: WipeOrder, address: str) -> OrderView:
    """``address``: the primary one of the user whose device it is about."""
    return OrderView(
        organisation=order.key.organisation,
        user=order.key.user,
        address=address,
        device_id=order.key.device_id,
        words=in_words(order),
        **{name: getattr(order, name) for name in OrderView.model_fields if name not in _HERE},
    )


def job_view(job: Job) -> JobView:
    plain = {name: getattr(job, name) for name in JobView.model_fields if name not in ("words", "document")}
    return JobView(words=progress(job), document=dict(job.document), **plain)

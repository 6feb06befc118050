"""``/figures`` of the REST API (product 7.2): numbers over time, those of which the console draws charts.

What an organisation's devices are is for who may see all of them; what the gateway did is nobody's part of
it, so it takes the permission of ``/metrics`` for the whole gateway.
"""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from gateway.endpoints.api.calls import Filter, Query, With, needs
from gateway.records import Actor
from gateway.records.authority import Permission
from gateway.records.history import DeviceDay, Traffic
from gateway.services.history import DAILY
from mdm.device import DeviceState

router = APIRouter(prefix="/figures", tags=["figures"])
at_organisations = APIRouter(prefix="/organisations/{organisation}/figures", tags=["figures"])

Reader = Annotated[Actor, needs(Permission.DEVICE_READ)]
Watcher = Annotated[Actor, needs(Permission.METRICS_READ, everywhere=True)]


class Hours(Filter):
    """How far back; up to 6 hours are told by five minutes, up to 168 by the hour, more by the day."""

    hours: Annotated[int, Field(ge=1, le=DAILY.days * 24)] = 6


class Days(Filter):
    """How far back."""

    days: Annotated[int, Field(ge=1, le=DAILY.days)] = 30


class TrafficView(BaseModel):
    """What the gateway did for ``span_s`` seconds from ``at`` on: the most long polls that waited at once,
    its answers to phones and to whoever looks for a server, and how many of those were errors."""

    at: datetime
    span_s: int
    parked: int
    activesync: int
    activesync_errors: int
    autodiscover: int
    autodiscover_errors: int


class TrafficList(BaseModel):
    """The oldest first; a span that is missing had no gateway."""

    items: list[TrafficView]


class DeviceDayView(BaseModel):
    """Devices by state at the end of a day (UTC); ``compliant`` of ``total`` have their policy."""

    day: date
    states: dict[str, int]
    total: int
    compliant: int


class DeviceDayList(BaseModel):
    """The oldest first; a day that is missing had no gateway, or no device."""

    items: list[DeviceDayView]


def _traffic(traffic: Traffic) -> TrafficView:
    return TrafficView.model_validate(traffic, from_attributes=True)


def _day(day: DeviceDay) -> DeviceDayView:
    return DeviceDayView(
        day=day.day.date(),
        states=dict(day.states),
        total=sum(day.states.values()),
        compliant=day.states.get(DeviceState.PROVISIONING_SUCCEEDED.value, 0),
    )


@router.get("/traffic")
def list_traffic(query: Query[Hours], use: With, _actor: Watcher) -> TrafficList:
    """What the gateway answered over time, and how many long polls it held."""
    return TrafficList(items=[_traffic(each) for each in use.history.traffic(query.hours)])


@at_organisations.get("/devices")
def list_device_days(organisation: str, query: Query[Days], use: With, _actor: Reader) -> DeviceDayList:
    """An organisation's devices by state, day by day."""
    return DeviceDayList(items=[_day(each) for each in use.history.devices(organisation, query.days)])

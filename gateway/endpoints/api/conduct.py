"""Devices to look at, and what is done about them (product 5.7, 5.8; T4): suspended, looping, in dispute,
or stale; the release, the three ends of a dispute, and an organisation's thresholds.
"""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from gateway.endpoints.api.calls import Body, Page, Query, UseCases, With, choice, needs, word
from gateway.endpoints.api.cursors import read_texts, write_cursor
from gateway.endpoints.api.device_views import DeviceList, DeviceView, owned_view, views
from gateway.records import Actor
from gateway.records.authority import Permission
from gateway.records.notices import Notice
from gateway.services.identity import Resolution
from gateway.services.reasons import tidy_reason
from mdm import misbehaviour
from mdm.misbehaviour import Conduct

router = APIRouter(prefix="/organisations/{organisation}", tags=["conduct"])
ONE = "/devices/{user}/{device_id}"
LONGEST_DAYS = 36_500

Reader = Annotated[Actor, needs(Permission.DEVICE_READ)]
Writer = Annotated[Actor, needs(Permission.DEVICE_WRITE)]
SettingsReader = Annotated[Actor, needs(Permission.ORGANISATION_READ)]
SettingsWriter = Annotated[Actor, needs(Permission.ORGANISATION_WRITE)]
Reason = Annotated[str, word(tidy_reason)]


class StaleFilter(Page):
    """``days`` without contact; by default what the organisation's safeguards say."""

    days: Annotated[int, Field(ge=0, le=LONGEST_DAYS)] | None = None


class Because(Body):
    """An act that may have a reason."""

    reason: Reason = ""


UNTOLD = Because()


class Settlement(Because):
    """How a dispute ends: the same device after all, kept out, or forgotten."""

    resolution: Annotated[Resolution, choice()]


class Settled(BaseModel):
    """The device afterwards, null for one that is forgotten."""

    device: DeviceView | None


class ThresholdsChange(Because):
    """Thresholds that differ from the defaults; an empty object means the defaults."""

    thresholds: dict[str, Any]


class ThresholdsView(BaseModel):
    """All thresholds in force; those of service clients under ``service``."""

    thresholds: dict[str, Any]


@router.get("/suspended-devices")
def list_suspended(organisation: str, query: Query[Page], use: With, _actor: Reader) -> DeviceList:
    """Devices in quarantine for misbehaviour."""
    return _noted(use, organisation, Notice.SUSPENDED, query)


@router.get("/looping-devices")
def list_looping(organisation: str, query: Query[Page], use: With, _actor: Reader) -> DeviceList:
    """Devices that provision round after round, with the diagnosis."""
    return _noted(use, organisation, Notice.LOOPING, query)


@router.get("/disputed-devices")
def list_disputed(organisation: str, query: Query[Page], use: With, _actor: Reader) -> DeviceList:
    """Devices that may not be who they say; they get nothing until somebody decides."""
    return _noted(use, organisation, Notice.CONFLICT, query)


@router.get("/stale-devices")
def list_stale(organisation: str, query: Query[StaleFilter], use: With, _actor: Reader) -> DeviceList:
    """Devices that were not heard of for long."""
    return _noted(use, organisation, Notice.SILENT, query, query.days)


@router.post(ONE + "/release")
def release(
    organisation: str, user: str, device_id: str, use: With, actor: Writer, body: Because = UNTOLD
) -> DeviceView:
    """End a suspension and a loop: the device starts anew."""
    key = use.finder.key(organisation, user, device_id)
    return owned_view(use.finder, use.misbehaviour.release(actor, key, body.reason))


@router.post(ONE + "/identity")
def resolve_identity(
    organisation: str, user: str, device_id: str, body: Settlement, use: With, actor: Writer
) -> Settled:
    """End a dispute about who the device is."""
    key = use.finder.key(organisation, user, device_id)
    device = use.identities.resolve(actor, key, body.resolution, body.reason)
    return Settled(device=owned_view(use.finder, device) if device else None)


@router.get("/misbehaviour")
def get_thresholds(organisation: str, use: With, _actor: SettingsReader) -> ThresholdsView:
    """What counts as misbehaviour, and for how long a device is slowed down or suspended."""
    return thresholds_view(use.misbehaviour.thresholds(organisation))


@router.put("/misbehaviour")
def set_thresholds(
    organisation: str, body: ThresholdsChange, use: With, actor: SettingsWriter
) -> ThresholdsView:
    """Replace the thresholds."""
    changed = use.misbehaviour.set_thresholds(actor, organisation, body.thresholds, body.reason)
    return thresholds_view(changed)


def thresholds_view(conduct: Conduct) -> ThresholdsView:
    """The whole of it, nothing left to defaults."""
    return ThresholdsView(thresholds=misbehaviour.write(conduct))


def _noted(
    use: UseCases, organisation: str, notice: Notice, query: Page, days: int | None = None
) -> DeviceList:
    after = read_texts(query.cursor, 2)
    place = (after[0], after[1]) if after else ("", "")
    found = use.misbehaviour.noted(organisation, notice, days=days, after=place, limit=query.limit)
    last = found[-1].key if len(found) == query.limit else None
    return DeviceList(
        items=views(use.finder, found), next=write_cursor(last.user, last.device_id) if last else None
    )

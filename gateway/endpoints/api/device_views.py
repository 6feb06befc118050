"""A device as the REST API and ``usher device --json`` show it (product 5.1): what may be seen, field by
field, so that a field added to the record is not shown before somebody decided so (T28)."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime

from pydantic import BaseModel, Field

from gateway.records import BackendKey
from gateway.records.inventory import Counts
from gateway.services.finding import Finder
from gateway.services.inventory import Sheet
from mdm.compliance import Compliance
from mdm.device import AccessLevel, Device, DeviceState, WipeKind, WipeProgress
from mdm.families import family_of


class Reported(BaseModel):
    """What the client says of itself; nothing vouches for it."""

    model: str | None
    imei: str | None
    friendly_name: str | None
    os: str | None
    os_language: str | None
    phone_number: str | None
    user_agent: str | None
    mobile_operator: str | None
    enable_outbound_sms: str | None


class WipeView(BaseModel):
    """How far a wipe has come."""

    kind: WipeKind
    progress: WipeProgress
    ordered_at: datetime
    ordered_by: str
    reason: str
    delivered_at: datetime | None
    acknowledged_at: datetime | None
    failures: int
    failed_status: int | None
    unverified: bool
    approved_by: str


class DeviceView(BaseModel):
    """A partnership.

    ``service``: a cloud service connects for all installations of the user, and a wipe reaches each of them;
    ``wipe_erases``: what a full wipe really erases with this client; ``policy_digest``: of the policy that it
    acknowledged.
    """

    organisation: str
    user: str
    address: str
    device_id: str
    alias: str
    device_type: str
    family: str
    family_label: str
    service: bool
    wipe_erases: str
    protocol_version: str
    state: DeviceState
    first_seen: datetime
    last_seen: datetime
    last_sync: datetime | None
    provisioned_at: datetime | None
    policy_digest: str
    last_ip: str
    user_agent: str
    acknowledged_status: int | None
    reprovision_at: datetime | None
    diagnosis: str
    access: AccessLevel | None
    access_reason: str
    access_until: datetime | None
    held_since: datetime | None
    suspended_until: datetime | None
    suspended_reason: str
    conflict: str
    claimed: str
    wipe: WipeView | None
    reported: Reported


class LayerView(BaseModel):
    """A policy that holds for the device, with the reason why it does."""

    policy: str
    version: int
    reach: str
    target: str


class AnswerView(BaseModel):
    """Whether mail commands of the device are served at this moment."""

    level: AccessLevel
    reason: str
    until: datetime | None
    rules: list[str]


class PeerView(BaseModel):
    """How a device stands with a mail server that provisions on its own; ``wipe_at`` tells since when that
    orders a wipe, which is never passed on."""

    backend: str
    provisioned: bool
    given_at: datetime | None
    wipe_at: datetime | None
    wipe: WipeKind | None
    diagnosis: str


class DeviceSheet(DeviceView):
    """A partnership with its effective policy, the most specific layer first, its answer and its backends."""

    policies: list[LayerView]
    policy_outdated: bool
    answer: AnswerView
    compliance: Compliance
    compliance_reason: str
    backends: list[PeerView]


class RecoveryView(BaseModel):
    """A recovery password, and since when it is kept."""

    password: str = Field(repr=False)
    stored_at: datetime


class DeviceList(BaseModel):
    """A page of devices."""

    items: list[DeviceView]
    next: str | None


_PLAIN = frozenset(DeviceView.model_fields) & {field.name for field in fields(Device)} - {"wipe"}
"""Shown as the record has them: named in the model above, so on purpose."""


def view(device: Device, address: str) -> DeviceView:
    """``address``: the primary one of the device's user."""
    client = family_of(device.user_agent or device.information.user_agent or "", device.device_type)
    return DeviceView(
        family_label=client.label,
        service=client.service,
        wipe_erases=client.erases,
        organisation=device.key.organisation,
        user=device.key.user,
        address=address,
        device_id=device.key.device_id,
        wipe=WipeView.model_validate(device.wipe, from_attributes=True) if device.wipe else None,
        reported=Reported.model_validate(device.information, from_attributes=True),
        **{name: getattr(device, name) for name in _PLAIN},
    )


def views(finder: Finder, devices: Sequence[Device]) -> list[DeviceView]:
    """Each with its user's address, which are read in one go."""
    owners = finder.owners(devices)
    return [view(device, owners[device.key.user]) for device in devices]


def owned_view(finder: Finder, device: Device) -> DeviceView:
    """The device with its user's address."""
    return views(finder, [device])[0]


def sheet_view(sheet: Sheet, address: str) -> DeviceSheet:
    """``address``: the primary one of the device's user."""
    layers = [
        LayerView(policy=each.policy, version=each.version, reach=each.reach.name.lower(), target=each.target)
        for each in reversed(sheet.policy.layers)
    ]
    return DeviceSheet(
        **view(sheet.device, address).model_dump(),
        policies=layers,
        policy_outdated=sheet.outdated,
        answer=AnswerView(
            level=sheet.decision.level,
            reason=sheet.decision.reason,
            until=sheet.decision.until,
            rules=list(sheet.decision.rules),
        ),
        compliance=sheet.finding.compliance,
        compliance_reason=sheet.finding.words,
        backends=[peer_view(peer) for peer in sheet.peers],
    )


def peer_view(peer: BackendKey) -> PeerView:
    """Everything but the key."""
    shown = {name: getattr(peer, name) for name in PeerView.model_fields if name != "provisioned"}
    return PeerView(provisioned=peer.policy_key != 0, **shown)


class DeviceCounts(BaseModel):
    """How many devices there are; where ``exact`` is false, only the first ``total`` were looked at. The
    protocol of a device that has told none is empty."""

    total: int
    exact: bool
    states: dict[str, int]
    families: dict[str, int]
    protocols: dict[str, int]


def counts_view(counts: Counts) -> DeviceCounts:
    """Of a question to the list."""
    return DeviceCounts.model_validate(counts, from_attributes=True)

"""First sight of a device: a partnership is made, or refused because the user has too many (product 5.7)."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.records import Actor, AuditTag, Scope
from gateway.services.acts import Act, Acts, Entry
from gateway.services.holding import held_back
from gateway.services.keeping import announce
from gateway.services.overrides import welcome
from gateway.services.partnerships import difference, look_up, target_of
from gateway.services.ports import Clock, Store
from gateway.services.tenants import found
from gateway.services.users import find_user
from mdm.device import Device, DeviceKey
from mdm.families import Family, family_of
from mdm.identity import WANDERING, makes_room, newcomer
from mdm.query import CommandRequest

REFUSAL_SILENCE = timedelta(hours=1)
"""A refused device tries again every few minutes; the trail hears of it once an hour and process."""

REFUSALS_TOLD = 10
"""Refused devices of one user that the trail hears of in that time: DeviceIds are made up faster than a
disk grows."""

MAXIMUM_REFUSED = 10_000
"""Users with refused devices remembered for that."""


@dataclass(frozen=True, slots=True)
class TooManyDevices:
    """A new partnership is refused; a value, for the device is told so by its protocol.

    Attributes:
        names: DeviceIds of the partnerships that count.
    """

    names: tuple[str, ...]


class Enrolment:
    """Makes partnerships."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._acts = Acts(store, clock)
        self._refused: OrderedDict[str, tuple[datetime, set[str]]] = OrderedDict()

    def first_sight(self, key: DeviceKey, request: CommandRequest, actor: Actor) -> Device | TooManyDevices:
        """Make the partnership, or return the one that a simultaneous request made.

        Raises:
            GatewayError: NOT_FOUND when organisation or user are gone meanwhile.
        """
        act = Act(AuditTag.DEVICE_SEEN, actor, key.organisation, target_of(key))
        return self._acts.perform(act, lambda entry: self._enrol(entry, key, request))

    def _enrol(self, entry: Entry, key: DeviceKey, request: CommandRequest) -> Device | TooManyDevices:
        devices = entry.transaction.devices
        known = look_up(devices, key)
        if known is not None:
            return known
        limit = found(entry.transaction, key.organisation).device_limit
        family = family_of(entry.act.actor.user_agent, request.device_type)
        counted = _with_room(entry, devices.list(key.organisation, user=key.user, limit=limit), family, limit)
        if len(counted) >= limit:
            return self._refuse(entry, key, counted)
        find_user(entry.transaction, key.user)
        return _made(entry, key, request, family)

    def _refuse(self, entry: Entry, key: DeviceKey, counted: Sequence[Device]) -> TooManyDevices:
        names = tuple(device.key.device_id for device in counted)
        since, told = self._refused.pop(key.user, (entry.now, set()))
        if entry.now - since >= REFUSAL_SILENCE:
            since, told = entry.now, set()
        if key.device_id not in told and len(told) < REFUSALS_TOLD:
            entry.record(tag=AuditTag.DEVICE_REFUSED, after={"devices": [counting(each) for each in counted]})
            told.add(key.device_id)
        self._refused[key.user] = since, told
        if len(self._refused) > MAXIMUM_REFUSED:
            self._refused.popitem(last=False)
        return TooManyDevices(names)


def counting(device: Device) -> dict[str, str]:
    """A device that counts against the limit, as an administrator recognises it."""
    model = device.information.model or device.information.friendly_name or ""
    return {
        "device_id": device.key.device_id,
        "device_type": device.device_type,
        "model": model,
        "last_seen": device.last_seen.isoformat(),
    }


def _with_room(entry: Entry, counted: Sequence[Device], family: Family, limit: int) -> Sequence[Device]:
    """What still counts: a client that draws a new DeviceId at each start takes the place of what it was
    before, and at the limit so does any newcomer of what never became a device (spec 6.1, 6.3).
    """
    if family.name not in WANDERING and len(counted) < limit:
        return counted
    gone = [device for device in counted if makes_room(device, family.name, entry.now)]
    gone = gone if family.name in WANDERING else sorted(gone, key=lambda device: device.last_seen)[:1]
    for device in gone:
        entry.transaction.devices.remove(device.key)
        told = difference(None, device)[1]
        entry.record(tag=AuditTag.DEVICE_REPLACED, target=target_of(device.key), before=told)
        announce(entry, device.key)
    return [device for device in counted if device not in gone]


def _made(entry: Entry, key: DeviceKey, request: CommandRequest, family: Family) -> Device:
    others = entry.transaction.devices.sharing(key.organisation, key.device_id)
    conflict = newcomer(key.device_id, family, request.device_type, others)
    device = Device(
        key=key,
        device_type=request.device_type,
        protocol_version=request.version.text,
        first_seen=entry.now,
        last_seen=entry.now,
        last_ip=entry.act.actor.address,
        user_agent=entry.act.actor.user_agent,
        family=family.name,
        conflict=conflict,
    )
    device = held_back(entry.transaction, welcome(entry.transaction, device))
    entry.transaction.devices.add(device)
    entry.record(after=difference(None, device)[1])
    if conflict:
        entry.record(tag=AuditTag.IDENTITY_DISPUTED, after={"conflict": conflict})
    entry.announce(Scope.DEVICE, key.organisation, key.user, key.device_id)
    return device

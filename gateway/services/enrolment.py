"""First sight of a device: a partnership is made, or refused because the user has too many (product 5.7)."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.records import Actor, AuditTag, Scope
from gateway.services.acts import Act, Acts, Entry
from gateway.services.overrides import welcome
from gateway.services.partnerships import difference, look_up, target_of
from gateway.services.ports import Clock, Store
from gateway.services.tenants import found
from gateway.services.users import find_user
from mdm.device import Device, DeviceKey
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
        counted = devices.list(key.organisation, user=key.user, limit=limit)
        if len(counted) >= limit:
            return self._refuse(entry, key, tuple(device.key.device_id for device in counted))
        find_user(entry.transaction, key.user)
        return _made(entry, key, request)

    def _refuse(self, entry: Entry, key: DeviceKey, names: tuple[str, ...]) -> TooManyDevices:
        since, told = self._refused.pop(key.user, (entry.now, set()))
        if entry.now - since >= REFUSAL_SILENCE:
            since, told = entry.now, set()
        if key.device_id not in told and len(told) < REFUSALS_TOLD:
            entry.record(tag=AuditTag.DEVICE_REFUSED, after={"devices": list(names)})
            told.add(key.device_id)
        self._refused[key.user] = since, told
        if len(self._refused) > MAXIMUM_REFUSED:
            self._refused.popitem(last=False)
        return TooManyDevices(names)


def _made(entry: Entry, key: DeviceKey, request: CommandRequest) -> Device:
    device = Device(
        key=key,
        device_type=request.device_type,
        protocol_version=request.version.text,
        first_seen=entry.now,
        last_seen=entry.now,
        last_ip=entry.act.actor.address,
        user_agent=entry.act.actor.user_agent,
    )
    device = welcome(entry.transaction, device)
    entry.transaction.devices.add(device)
    entry.record(after=difference(None, device)[1])
    entry.announce(Scope.DEVICE, key.organisation, key.user, key.device_id)
    return device

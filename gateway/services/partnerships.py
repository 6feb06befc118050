"""Finding a partnership, and how the audit trail names it and shows what changed about it (product 5.3, 8).

Policy keys are secrets (T28): the trail shows that there is one, never which.
"""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import datetime
from enum import Enum
from typing import Any

from gateway.errors import GatewayError, Kind
from gateway.records import Actor
from gateway.services.device_ports import Devices
from mdm.device import Device, DeviceKey

PAGE = 1000
"""Partnerships that one statement reads or writes while something goes over a whole fleet."""

_SECRET = frozenset(("policy_key", "temporary_key", "proof_key"))
_UNTOLD = frozenset(("key", "revision", "last_seen", "last_sync", "last_ip", "user_agent"))


def look_up(devices: Devices, key: DeviceKey) -> Device | None:
    """The partnership or its tombstone; never both are there."""
    return devices.get(key) or devices.tombstone(key)


def present(devices: Devices, key: DeviceKey) -> Device:
    """``look_up``, or GatewayError NOT_FOUND."""
    device = look_up(devices, key)
    if device is None:
        raise GatewayError(Kind.NOT_FOUND, "There is no such device.")
    return device


def pages(devices: Devices, organisation: str, user: str | None = None) -> Iterator[Sequence[Device]]:
    """All partnerships of an organisation, or of one user of it, a page at a time."""
    after: tuple[str, str, str] | None = None
    while page := devices.list(organisation, user=user, after=after, limit=PAGE):
        key = page[-1].key
        after = (key.organisation, key.user, key.device_id)
        yield page


def target_of(key: DeviceKey) -> str:
    """The partnership's name in the trail: user id, slash, DeviceId."""
    return f"{key.user}/{key.device_id}"


def device_actor(key: DeviceKey, ip: str = "", user_agent: str = "", request_id: str = "") -> Actor:
    """A device as the actor of what it brings about itself."""
    return Actor("device", target_of(key), ip, user_agent, request_id)


def difference(before: Device | None, after: Device | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """What ``before`` and ``after`` do not share, as JSON values; None for a partnership that is not
    there."""
    old, new = _shown(before), _shown(after)
    changed = [name for name in (new or old) if old.get(name) != new.get(name)]
    return _only(old, changed), _only(new, changed)


def _only(values: dict[str, Any], names: list[str]) -> dict[str, Any]:
    return {name: values[name] for name in names if name in values}


def _shown(device: Device | None) -> dict[str, Any]:
    if device is None:
        return {}
    told = (field.name for field in fields(Device) if field.name not in _UNTOLD)
    return {name: _plain(name, getattr(device, name)) for name in told}


def _plain(name: str, value: object) -> Any:
    if name in _SECRET:
        return "set" if value else "none"
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if hasattr(value, "__dataclass_fields__"):
        return {part: _plain(part, getattr(value, part)) for part in value.__dataclass_fields__}
    return value

"""Is this the device that it says? (T4; docs/identity.md has the decision table and its reasons.)

DeviceId, DeviceType and User-Agent are what the client says of itself and prove nothing. What is checked is
whether what it says hangs together: one DeviceId belongs to one client, so it does not jump from one family
to another, it is not a copy on many users' computers, and it does not forget the key that it has. Each
function returns the conflict in words for an administrator, empty for no doubt.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from mdm.device import AccessLevel, Device, DeviceState
from mdm.families import LABELS, OTHER, Family, family_of

SHARED_USERS: Final = 4
"""Users of one organisation on one DeviceId before it counts as a copied one: a ward's or a family's tablet
has two or three."""

NOBODYS_IDS: Final = frozenset({"VALIDATE"})
"""DeviceIds that are no device's own: AOSP checks an account under this one (spec/eas-protocol.md 6.1)."""

KEYLESS: Final = 20
"""Commands without the key that a device has, while it asks for no new one: a restored phone provisions at
the first challenge."""

DISPLACED: Final = 3
"""Times that a device shows the key before its last one: each of two devices takes the key from the other."""

SETTLED: Final = timedelta(minutes=2)
"""After a key was given, requests that were under way may still show the one before."""

WANDERING: Final = frozenset({"outlook-desktop"})
"""Families that draw a new DeviceId at each start (spec/eas-protocol.md 6.1, 6.3)."""

GONE_AFTER: Final = timedelta(hours=1)
NEVER_AFTER: Final = timedelta(days=7)

_KIN: Final = (frozenset({"android", "gmail"}),)
"""Families of one lineage: Gmail took over Android's own mail program with its accounts, and without a
User-Agent the one looks like the other."""


def kin(one: str, other: str) -> bool:
    """Whether a client of the family ``one`` may come to look like ``other`` by an update."""
    return one == other or any(one in line and other in line for line in _KIN)


def pinned(device: Device) -> str:
    """The family that the partnership began with."""
    return device.family or family_of(device.user_agent, device.device_type).name


def jump(device: Device, user_agent: str, device_type: str) -> str:
    """The same partnership, and what it says of itself now."""
    same_type = device_type.casefold() == device.device_type.casefold()
    if not user_agent and same_type:
        return ""
    was, now = pinned(device), seems(device, user_agent, device_type)
    if kin(was, now) and (same_type or now != OTHER.name):
        return ""
    if same_type and OTHER.name in (was, now):
        return ""
    began = f"{LABELS.get(was, was)} ({_shown(device.device_type)})"
    return f"the device began as {began} and now says it is {LABELS[now]} ({_shown(device_type)})"


def seems(device: Device, user_agent: str, device_type: str) -> str:
    """The family that a client looks like. User-Agent and type are asked one by one, or a program of another
    system would pass by sending the type that it copied; what fits the partnership's own family stays it."""
    was, alone = pinned(device), family_of(user_agent, "").name
    if alone not in _BLAND and not kin(was, alone):
        return alone
    if device_type.casefold() == device.device_type.casefold():
        return was
    typed = family_of("", device_type).name
    strange = typed not in _BLAND and not kin(was, typed)
    return typed if strange else family_of(user_agent, device_type).name


def newcomer(device_id: str, family: Family, device_type: str, others: Sequence[Device]) -> str:
    """A DeviceId at first sight that other users of the organisation have already."""
    if not others or device_id in NOBODYS_IDS:
        return ""
    wiping = [other for other in others if other.state in _WIPING]
    if wiping and not family.service:
        return "the same DeviceId is under a wipe order at another user"
    if any(other.access is AccessLevel.BLOCK or other.conflict for other in others) and not family.service:
        return "the same DeviceId is blocked or in dispute at another user"
    strange = next((other for other in others if not _alike(other, family.name, device_type)), None)
    if strange is not None:
        return f"the same DeviceId is {LABELS.get(pinned(strange))} at another user, and here {family.label}"
    if len(others) >= SHARED_USERS and not family.service:
        return f"{len(others)} other users have the same DeviceId: it looks copied"
    return ""


def keyless() -> str:
    """Words for a device that no longer shows the key it has."""
    return "the device has a policy key, comes without it and does not ask for another"


def displaced() -> str:
    """Words for two devices that share an identity."""
    return "two devices seem to share this DeviceId: each shows the key that the other's replaced"


def makes_room(device: Device, family: str, now: datetime) -> bool:
    """Whether a newcomer of ``family`` may take the place of this partnership without anybody's word: it was
    never provisioned, nobody decided anything about it, and it has not been seen of late."""
    if _matters(device):
        return False
    silent = now - device.last_seen
    if pinned(device) in WANDERING:
        return silent >= GONE_AFTER
    return kin(pinned(device), family) and silent >= NEVER_AFTER


_BLAND: Final = frozenset({OTHER.name, "android"})
"""What many makers' clients call themselves; it speaks against no family."""

_WIPING = frozenset({DeviceState.WIPE_REQUIRED, DeviceState.WIPE_SUCCEEDED})


def _matters(device: Device) -> bool:
    decided = device.access or device.conflict or device.suspended_until or device.wipe or device.alias
    return bool(decided or device.proof_key or device.provisioned_at or device.held_since)


def _alike(other: Device, family: str, device_type: str) -> bool:
    if OTHER.name in (family, pinned(other)):
        return device_type.casefold() == other.device_type.casefold()
    return kin(pinned(other), family)


def _shown(device_type: str) -> str:
    return device_type[:64] if device_type.isprintable() else "unprintable"

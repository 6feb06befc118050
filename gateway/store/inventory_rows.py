"""Keeping the device list's table beside ``devices``: whoever writes a device writes its row here too, on the
same connection (docs/decisions/0027).
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from gateway.records import Contact, User
from gateway.records.inventory import BY_RULE, FIELDS
from gateway.store.device_keys import columns_of, has_bound_key
from gateway.store.tables import users
from gateway.store.tables_inventory import inventory
from mdm.device import Device, WipeProgress
from mdm.families import family_of

WIDTH = 128
"""Characters of a text that the list compares and sorts by: a client may report 1,024 in each field."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_STATES = FIELDS["state"].choices
_ACCESS = FIELDS["access"].choices
_WIPES = FIELDS["wipe"].choices


def folded(text: str | None) -> str:
    """A text as the list compares it: without case, and cut."""
    return (text or "").casefold()[:WIDTH]


def instant(at: datetime | None) -> int:
    """Microseconds since 1970, 0 for None."""
    return 0 if at is None else (at - _EPOCH) // _MICROSECOND


def version_number(text: str) -> int:
    """161 for ``16.1``, 0 for what is no version."""
    major, _, minor = text.partition(".")
    told = major.isdecimal() and minor.isdecimal() and len(text) <= 4
    return int(major) * 10 + int(minor) if told else 0


def version_text(number: int) -> str:
    """The other way round; empty for 0."""
    return f"{number // 10}.{number % 10}" if number else ""


@lru_cache(maxsize=4096)
def address_digits(text: str) -> str:
    """``4`` and 8 or ``6`` and 32 hex digits, so that a network is a range; empty for no address."""
    try:
        address = ip_address(text)
    except ValueError:
        return ""
    if isinstance(address, IPv6Address):
        mapped = address.ipv4_mapped
        return f"6{int(address):032x}" if mapped is None else f"4{int(mapped):08x}"
    return f"4{int(address):08x}"


@lru_cache(maxsize=4096)
def _family(user_agent: str, device_type: str) -> str:
    return folded(family_of(user_agent, device_type).name)


def row_of(device: Device, address: str, user_name: str) -> dict[str, Any]:
    """The row of a device whose user has this primary address and display name."""
    told = device.information
    return {
        **columns_of(device.key),
        "address": address,
        "user_name": folded(user_name),
        "type": folded(device.device_type),
        "family": device.family or _family(device.user_agent or told.user_agent or "", device.device_type),
        "model": folded(told.model),
        "friendly_name": folded(told.friendly_name),
        "alias": folded(device.alias),
        "os": folded(told.os),
        "os_language": folded(told.os_language),
        "imei": folded(told.imei),
        "phone_number": folded(told.phone_number),
        "operator": folded(told.mobile_operator),
        "user_agent": folded(device.user_agent),
        "protocol": version_number(device.protocol_version),
        "state": _STATES.index(device.state.value),
        "access": _ACCESS.index(device.access.value if device.access else BY_RULE),
        "access_reason": folded(device.access_reason),
        "diagnosis": folded(device.diagnosis),
        "conflict": folded(device.conflict),
        "held": instant(device.held_since),
        "suspended": instant(device.suspended_until),
        "wipe": _WIPES.index((device.wipe.progress if device.wipe else WipeProgress.NONE).value),
        "policy": folded(device.policy_digest),
        "first_seen": instant(device.first_seen),
        "last_seen": instant(device.last_seen),
        "last_sync": instant(device.last_sync),
        "last_ip": address_digits(device.last_ip),
    }


class InventoryRows:
    """Writes the list's table on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def keep(self, devices: Sequence[Device]) -> None:
        """Write the rows of these devices, whether they are there or not."""
        owners = self._owners({device.key.user for device in devices})
        rows = [row_of(device, *owners.get(device.key.user, ("", ""))) for device in devices]
        if rows:
            dialect = self._connection.dialect.name
            self._connection.execute(_KEEP_POSTGRESQL if dialect == "postgresql" else _KEEP_SQLITE, rows)

    def touch(self, contacts: Iterable[Contact]) -> None:
        """Last contacts; a batch may arrive late or twice, and contact never goes back in time."""
        rows = [_touched(contact) for contact in contacts]
        if rows:
            self._connection.execute(_TOUCH, rows)

    def rename(self, user: User) -> None:
        """Write a user's primary address and name into the rows of the user's devices."""
        of_user = (inventory.c.organisation == user.organisation) & (inventory.c.user_id == user.id)
        names = {"address": user.address, "user_name": folded(user.display_name)}
        self._connection.execute(update(inventory).where(of_user), names)

    def _owners(self, identities: set[str]) -> dict[str, tuple[str, str]]:
        statement = select(users.c.id, users.c.address, users.c.display_name)
        rows = self._connection.execute(statement.where(users.c.id.in_(identities)))
        return {identity: (address, name) for identity, address, name in rows}


def _keeping(insert: Any) -> Any:
    statement = insert(inventory)
    fresh = {each.name: statement.excluded[each.name] for each in inventory.columns if not each.primary_key}
    return statement.on_conflict_do_update(index_elements=list(inventory.primary_key), set_=fresh)


_KEEP_SQLITE = _keeping(sqlite.insert)
_KEEP_POSTGRESQL = _keeping(postgresql.insert)

_TOUCH = (
    update(inventory)
    .where(has_bound_key(inventory) & (inventory.c.last_seen <= bindparam("seen_at")))
    .values(
        last_seen=bindparam("seen_at"),
        last_ip=bindparam("ip"),
        user_agent=bindparam("agent"),
        protocol=bindparam("spoken"),
        last_sync=func.coalesce(
            bindparam("synced_at", type_=inventory.c.last_sync.type), inventory.c.last_sync
        ),
    )
)


def _touched(contact: Contact) -> dict[str, Any]:
    at = instant(contact.at)
    return {
        "key_organisation": contact.organisation,
        "key_user": contact.user,
        "key_device": contact.device_id,
        "seen_at": at,
        "ip": address_digits(contact.ip),
        "agent": folded(contact.user_agent),
        "spoken": version_number(contact.protocol_version),
        "synced_at": at if contact.synced else None,
    }

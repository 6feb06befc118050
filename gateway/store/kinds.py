"""What known devices report, each combination once: what access rules are held against (product 6.2).

A fleet has few kinds of devices, so a question about all of it costs a row for each kind and not for each
device. Whom a rule means by name, group, domain or network is a condition of the statement: neither people
nor addresses are read.
"""

from collections.abc import Collection, Iterator, Mapping
from ipaddress import ip_address
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, cast, func, not_, or_, select
from sqlalchemy import tuple_ as row_value

from gateway.store.inventory_rows import address_digits
from gateway.store.tables import addresses, devices, group_users, groups
from gateway.store.tables_inventory import BYTEWISE, inventory
from gateway.store.within import reached_groups
from mdm.criteria import read_network
from mdm.lifecycle import WIPING
from mdm.rules import Condition

_KEY = (devices.c.organisation, devices.c.user_id, devices.c.device_id)
_USER: ColumnElement[Any] = devices.c.user_id
_MAPPED = ip_address("::ffff:0:0")
_TOLD = devices.c.information
REPORTED: Mapping[str, ColumnElement[Any]] = {
    "device_type": devices.c.device_type,
    "model": _TOLD["model"].as_string(),
    "os": _TOLD["os"].as_string(),
    "user_agent": func.coalesce(func.nullif(devices.c.user_agent, ""), _TOLD["user_agent"].as_string()),
    "protocol_version": devices.c.protocol_version,
    "network": devices.c.last_ip,
}
"""Criterion of a rule to what a device said of it last."""


class KindRows:
    """``device_ports.Kinds`` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(
        self, organisation: str, criteria: Collection[str], named: Collection[Condition] = ()
    ) -> Iterator[Mapping[str, str | None]]:
        columns = (REPORTED[name].label(name) for name in sorted(criteria))
        statement = (
            select(devices.c.organisation, *columns)
            .where(devices.c.organisation == organisation, devices.c.state.not_in(WIPING))
            .where(*(_means(condition) for condition in named))
            .distinct()
        )
        with self._connection.execute(statement) as found:
            for _, *values in found:
                yield dict(zip(sorted(criteria), values, strict=True))


def _means(condition: Condition) -> ColumnElement[bool]:
    """Whether a rule's condition holds for a device."""
    means = _MEANS[condition.criterion](condition.values)
    return not_(means) if condition.negated else means


def _by_name(values: Collection[str]) -> ColumnElement[bool]:
    theirs = select(addresses.c.user_id).where(addresses.c.address.in_(values))
    return or_(_USER.in_(values), _USER.in_(_somebody(theirs)))


def _by_group(values: Collection[str]) -> ColumnElement[bool]:
    reached = reached_groups(groups.c.id.in_(values))
    members = select(group_users.c.user_id).join(reached, reached.c.id == group_users.c.group_id)
    return _USER.in_(members)


def _by_domain(values: Collection[str]) -> ColumnElement[bool]:
    primary = (addresses.c.position == 0) & addresses.c.domain.in_(values)
    return _USER.in_(_somebody(select(addresses.c.user_id).where(primary)))


def _somebody(found: Select[Any]) -> Select[Any]:
    """Without the addresses of groups: beside a NULL nothing is outside a list."""
    return found.where(addresses.c.user_id.is_not(None))


def _by_network(values: Collection[str]) -> ColumnElement[bool]:
    """The list's table has addresses of which a network is a range (``tables_inventory``)."""
    last_ip = inventory.c.last_ip
    ranges = [_range(value) for value in values]
    within = or_(*(and_(last_ip >= first, last_ip <= last) for first, last in ranges))
    # Said once more, or PostgreSQL would not know in which of two collations to compare.
    place = (cast(each, BYTEWISE) for each in inventory.primary_key)
    return row_value(*_KEY).in_(select(*place).where(within))


def _range(text: str) -> tuple[str, str]:
    """First and last address. An IPv4 address within an IPv6 one stands there as IPv4: a network that has
    those takes in all of IPv4."""
    network = read_network(text)
    first, last = (address_digits(str(each)) for each in (network[0], network[-1]))
    return ("4" if _MAPPED in network else first), last


_MEANS = {"user": _by_name, "group": _by_group, "domain": _by_domain, "network": _by_network}

"""Asking the device list (product 5.1): any filter with any sort costs one pass over one narrow table.

No index answers the questions: 28 fields by two directions, and any filter beside them, would need hundreds,
each of which every last contact had to write. A page begins after the place where the one before ended and
not after a number of rows, so devices that come and go meanwhile neither hide nor repeat another one.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, not_, or_, select
from sqlalchemy import tuple_ as row_value

from gateway.records.inventory import FIELDS, NAMES, Check, Condition, Counts, Listing, Place, Value
from gateway.store.inventory_rows import version_text
from gateway.store.tables_inventory import inventory
from gateway.store.within import everybody, within

COUNTED = 1_000_000
"""Devices that are counted exactly."""

_KEY = (inventory.c.organisation, inventory.c.user_id, inventory.c.device_id)
_BEYOND = "\U0010ffff"


class InventoryQueries:
    """Reads the list's table on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._position = func.instr if connection.dialect.name == "sqlite" else func.strpos

    def places(self, listing: Listing) -> Sequence[tuple[Place, str]]:
        """Place and user's address of the devices of a page, and of one more."""
        field, descending = listing.ordering.field, listing.ordering.descending
        order = (inventory.c[field], *_KEY) if field else _KEY
        wanted = self._wanted(listing)
        if listing.after is not None:
            after = _values(listing.after, with_value=bool(field))
            past = (
                row_value(*order) < row_value(*after) if descending else row_value(*order) > row_value(*after)
            )
            wanted = [*wanted, past]
        statement = (
            select(order[0], *_KEY, inventory.c.address)
            .where(*wanted)
            .order_by(*(column.desc() if descending else column for column in order))
            .limit(listing.limit + 1)
        )
        rows = self._connection.execute(statement)
        return [(Place(value, *key), address) for value, *key, address in rows]

    def counts(self, listing: Listing) -> Counts:
        """How many devices there are of what is asked for, by state, family and protocol."""
        kinds = (inventory.c.state, inventory.c.family, inventory.c.protocol)
        chosen = select(*kinds).where(*self._wanted(listing))
        some = within(self._connection, chosen.limit(COUNTED + 1)).subquery()
        counted = select(some, func.count().label("number")).group_by(*some.c)
        states: Counter[str] = Counter()
        families: Counter[str] = Counter()
        protocols: Counter[str] = Counter()
        for state, family, protocol, number in self._connection.execute(everybody(counted)):
            states[FIELDS["state"].choices[state]] += number
            families[family] += number
            protocols[version_text(protocol)] += number
        total = states.total()
        return Counts(total, total <= COUNTED, states, families, protocols)

    def _wanted(self, listing: Listing) -> list[ColumnElement[bool]]:
        wanted = [self._holds(condition) for condition in listing.conditions]
        if listing.search:
            wanted.append(or_(*(self._contains(name, listing.search) for name in NAMES)))
        if listing.organisation is not None:
            wanted.append(inventory.c.organisation == listing.organisation)
        if listing.user is not None:
            wanted.append(inventory.c.user_id == listing.user)
        return wanted

    def _holds(self, condition: Condition) -> ColumnElement[bool]:
        column: ColumnElement[Any] = inventory.c[condition.field]
        first, last = condition.values[0], condition.values[-1]
        match condition.check:
            case Check.IS:
                holds = column == first
            case Check.BEGINS:
                holds = and_(column >= first, column < f"{first}{_BEYOND}")
            case Check.CONTAINS:
                holds = self._contains(condition.field, str(first))
            case Check.BELOW:
                holds = column < first
            case Check.AT_LEAST:
                holds = column >= first
            case Check.ONE_OF:
                holds = column.in_(condition.values)
            case Check.BETWEEN:
                holds = and_(column >= first, column <= last)
        return not_(holds) if condition.negated else holds

    def _contains(self, name: str, text: str) -> ColumnElement[bool]:
        sought = text.upper() if name == "device_id" else text
        return self._position(inventory.c[name], sought) > 0


def _values(place: Place, *, with_value: bool) -> tuple[Value, ...]:
    key = (place.organisation, place.user, place.device_id)
    return (place.value, *key) if with_value else key

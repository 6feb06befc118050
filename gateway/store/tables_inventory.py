"""The table that the device list is read from (product 5.1; docs/decisions/0027), and device passwords.

A row of ``inventory`` is what can be asked and sorted by of one device, cut short and folded: narrow enough
to look at 200,000 of them for one page. Times are microseconds and 0 for never, choices are positions,
addresses hex digits of one length, so that the order of the database is the order of the values. ``C`` on
PostgreSQL: bytes, as SQLite compares.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKeyConstraint,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
)

from gateway.records.inventory import FIELDS, Kind
from gateway.store.tables import Instant, metadata

BYTEWISE = Text().with_variant(Text(collation="C"), "postgresql")
_TYPES: Mapping[Kind, Any] = {
    Kind.TEXT: BYTEWISE,
    Kind.NETWORK: BYTEWISE,
    Kind.VERSION: SmallInteger(),
    Kind.CHOICE: SmallInteger(),
    Kind.FLAG: BigInteger(),
    Kind.TIME: BigInteger(),
}
KEPT_BY_KEY = "device_id"
"""The one field that the key holds already; it is upper case by nature."""


def _key(name: str, length: int) -> Column[str]:
    kind = String(length).with_variant(String(length, collation="C"), "postgresql")
    return Column(name, kind, primary_key=True)


inventory = Table(
    "inventory",
    metadata,
    _key("organisation", 34),
    _key("user_id", 34),
    _key("device_id", 64),
    *(
        Column(name, _TYPES[field.kind], nullable=False)
        for name, field in FIELDS.items()
        if name != KEPT_BY_KEY
    ),
    ForeignKeyConstraint(
        ["organisation", "user_id", "device_id"],
        ["devices.organisation", "devices.user_id", "devices.device_id"],
        name="fk_inventory_device",
        ondelete="CASCADE",
    ),
    sqlite_with_rowid=False,
    postgresql_with={"fillfactor": 80},
)

# Beside ``devices`` and not in it, so that nothing that reads or shows a device can carry the password along.
device_passwords = Table(
    "device_passwords",
    metadata,
    Column("organisation", String(34), primary_key=True),
    Column("user_id", String(34), primary_key=True),
    Column("device_id", String(64), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("stored_at", Instant, nullable=False),
    ForeignKeyConstraint(
        ["organisation", "user_id", "device_id"],
        ["devices.organisation", "devices.user_id", "devices.device_id"],
        name="fk_device_passwords_device",
        ondelete="CASCADE",
    ),
)

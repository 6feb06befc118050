"""The table that the device list is read from (product 5.1), and device passwords (Settings/DevicePassword).

New tables only. Nothing has been released before it, so no device has to be carried over; a device that an
older working tree left behind appears with the first change of it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_TEXTS = (
    "address",
    "user_name",
    "type",
    "family",
    "model",
    "friendly_name",
    "alias",
    "os",
    "os_language",
    "imei",
    "phone_number",
    "operator",
    "user_agent",
    "access_reason",
    "diagnosis",
    "conflict",
    "policy",
    "last_ip",
)
_NUMBERS = ("protocol", "state", "access", "wipe")
_TIMES = ("held", "suspended", "first_seen", "last_seen", "last_sync")
_KEY = {"organisation": 34, "user_id": 34, "device_id": 64}


def upgrade() -> None:
    """Make the two tables."""
    _inventory()
    _device_passwords()


def _inventory() -> None:
    text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "inventory",
        *(sa.Column(name, _bytewise(length), nullable=False) for name, length in _KEY.items()),
        *(sa.Column(name, text, nullable=False) for name in _TEXTS),
        *(sa.Column(name, sa.SmallInteger(), nullable=False) for name in _NUMBERS),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in _TIMES),
        _of_device("fk_inventory_device"),
        sa.PrimaryKeyConstraint(*_KEY, name="pk_inventory"),
        sqlite_with_rowid=False,
        postgresql_with={"fillfactor": 80},
    )


def _bytewise(length: int) -> sa.types.TypeEngine[str]:
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def _device_passwords() -> None:
    op.create_table(
        "device_passwords",
        *(sa.Column(name, sa.String(length), nullable=False) for name, length in _KEY.items()),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        _of_device("fk_device_passwords_device"),
        sa.PrimaryKeyConstraint(*_KEY, name="pk_device_passwords"),
    )


def _of_device(name: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        list(_KEY), [f"devices.{column}" for column in _KEY], name=name, ondelete="CASCADE"
    )

"""The protocol log of a device (product 8). New tables only: the previous release works on beside it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"

_SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_PLACE = ("organisation", "user_id", "device_id")


def upgrade() -> None:
    """Add them."""
    op.create_table(
        "traced_devices",
        sa.Column("organisation", sa.String(34), nullable=False),
        sa.Column("user_id", sa.String(34), nullable=False),
        sa.Column("device_id", sa.String(64), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ordered_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(*_PLACE, name="pk_traced_devices"),
        _of_organisation("traced_devices"),
    )
    op.create_table(
        "protocol_log",
        sa.Column("sequence", _SEQUENCE, autoincrement=True, nullable=False),
        sa.Column("organisation", sa.String(34), nullable=False),
        sa.Column("user_id", sa.String(34), nullable=False),
        sa.Column("device_id", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("exchange", _DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("sequence", name="pk_protocol_log"),
        _of_organisation("protocol_log"),
        sqlite_autoincrement=True,
    )
    columns = [*_PLACE, "sequence"]
    op.create_index("ix_protocol_log_organisation_user_id_device_id_sequence", "protocol_log", columns)
    op.create_index("ix_protocol_log_at", "protocol_log", ["at"])


def _of_organisation(table: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_organisation"
    return sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=name, ondelete="CASCADE")

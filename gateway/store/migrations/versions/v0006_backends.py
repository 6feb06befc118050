"""The second policy keys, of backends that provision on their own (product 3.5).

A new table only, so the previous release works on beside it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0004"

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "backend_keys",
        sa.Column("organisation", sa.String(34), nullable=False),
        sa.Column("user_id", sa.String(34), nullable=False),
        sa.Column("device_id", sa.String(64), nullable=False),
        sa.Column("backend", sa.String(62), nullable=False),
        sa.Column("policy_key", sa.BigInteger(), nullable=False),
        sa.Column("given_at", _INSTANT),
        sa.Column("handshakes", sa.Integer(), nullable=False),
        sa.Column("window", _INSTANT),
        sa.Column("busy_until", _INSTANT),
        sa.Column("informed", sa.String(32), nullable=False),
        sa.Column("wipe_at", _INSTANT),
        sa.Column("wipe", sa.String(64)),
        sa.Column("diagnosis", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation", "user_id", "device_id"],
            ["devices.organisation", "devices.user_id", "devices.device_id"],
            name="fk_backend_keys_device",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organisation", "user_id", "device_id", "backend", name="pk_backend_keys"),
    )

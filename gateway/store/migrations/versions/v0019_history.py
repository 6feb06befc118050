"""What the charts over time are drawn from (product 7.2).

New tables: the previous release works on beside them.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"

_MOMENT = sa.DateTime(timezone=True)
_DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_COUNTED = ("parked", "activesync", "activesync_errors", "autodiscover", "autodiscover_errors")


def upgrade() -> None:
    """Add them, empty: charts begin today."""
    op.create_table(
        "traffic_history",
        sa.Column("span_s", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("machine", sa.String(255), nullable=False),
        *(sa.Column(name, _COUNT, nullable=False) for name in _COUNTED),
        sa.PrimaryKeyConstraint("span_s", "at", "machine", name="pk_traffic_history"),
    )
    home = sa.ForeignKey("organisations.id", name="fk_device_history_organisation", ondelete="CASCADE")
    op.create_table(
        "device_history",
        sa.Column("organisation", sa.String(34), home, nullable=False),
        sa.Column("day", _MOMENT, nullable=False),
        sa.Column("states", _DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("organisation", "day", name="pk_device_history"),
    )

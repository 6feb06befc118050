"""Devices that somebody should look at are found without looking at all of them (product 5.7, 5.8).

A new index only, so the previous release works on beside it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the index."""
    noted = sa.text("conflict != '' OR diagnosis != '' OR suspended_until IS NOT NULL")
    columns = ["organisation", "user_id", "device_id"]
    op.create_index("ix_devices_noted", "devices", columns, sqlite_where=noted, postgresql_where=noted)

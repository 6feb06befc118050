"""What tells whether a device is who it says (product 5.7, 5.8; T4): the family it began with, and a way to
ask who else has its DeviceId.

New columns with a default and new indexes only, so the previous release works on beside it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the columns to partnerships and tombstones, and the indexes to partnerships."""
    for table in ("devices", "tombstones"):
        for name in ("family", "claimed"):
            op.add_column(table, sa.Column(name, sa.Text(), nullable=False, server_default=""))
    op.create_index("ix_devices_organisation_device_id", "devices", ["organisation", "device_id"])

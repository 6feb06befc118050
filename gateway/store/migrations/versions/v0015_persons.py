"""Whose account asked for a wipe, approved it or began a job (product 5.5, 7.6; T9).

New columns with a default only, so the previous release works on beside it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

COLUMNS = (
    ("wipe_orders", "requested_person"),
    ("wipe_orders", "approved_person"),
    ("jobs", "created_person"),
)


def upgrade() -> None:
    """Add the columns; what was asked for before is the machine's."""
    for table, name in COLUMNS:
        op.add_column(table, sa.Column(name, sa.String(34), nullable=False, server_default=""))

"""Views of the device list that administrators save (product 7.2).

A new table: the previous release works on beside it.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"

_DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Add it, empty."""
    owner = sa.ForeignKey("administrators.id", name="fk_saved_views_administrator", ondelete="CASCADE")
    op.create_table(
        "saved_views",
        sa.Column("id", sa.String(34), nullable=False),
        sa.Column("administrator", sa.String(34), owner, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("question", _DOCUMENT, nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_saved_views"),
        sa.UniqueConstraint("administrator", "name", name="uq_saved_views_administrator_name"),
    )

"""Whose account asked for a wipe (product 7.6; T9)."""

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Add it."""

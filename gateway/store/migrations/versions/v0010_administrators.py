"""Administrators, their sessions and tokens (product 7.6)."""

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add them."""

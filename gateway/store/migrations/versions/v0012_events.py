"""Webhooks and notices (product 7.9)."""

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Add them."""

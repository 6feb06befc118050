"""Answers that are given again (product 7.3)."""

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add them."""

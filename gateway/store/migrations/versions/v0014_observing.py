"""The protocol log of a device (product 8)."""

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Add them."""

"""The chain and the checkpoints of the audit trail (product 8)."""

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add them."""

"""Access rules, devices that wait for an approval, and overrides for devices yet to come (product 6).

New tables only, so the previous release works on beside it.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"

_INSTANT = sa.DateTime(timezone=True)
_DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Make the three tables."""
    _rule_sets()
    _held_devices()
    _expected_devices()


def _rule_sets() -> None:
    op.create_table(
        "rule_sets",
        sa.Column("organisation", sa.String(34), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("document", _DOCUMENT, nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation"], ["organisations.id"], name="fk_rule_sets_organisation", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organisation", "version", name="pk_rule_sets"),
    )


def _held_devices() -> None:
    op.create_table(
        "held_devices",
        sa.Column("organisation", sa.String(34), nullable=False),
        sa.Column("user_id", sa.String(34), nullable=False),
        sa.Column("device_id", sa.String(64), nullable=False),
        sa.Column("since", _INSTANT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("rules", _DOCUMENT, nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("last_request", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation", "user_id", "device_id"],
            ["devices.organisation", "devices.user_id", "devices.device_id"],
            name="fk_held_devices_device",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organisation", "user_id", "device_id", name="pk_held_devices"),
    )
    op.create_index("ix_held_devices_organisation_since", "held_devices", ["organisation", "since"])


def _expected_devices() -> None:
    op.create_table(
        "expected_devices",
        sa.Column("organisation", sa.String(34), nullable=False),
        sa.Column("user_id", sa.String(34), nullable=False),
        sa.Column("device_id", sa.String(64), nullable=False),
        sa.Column("level", sa.String(64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("until", _INSTANT),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation"],
            ["organisations.id"],
            name="fk_expected_devices_organisation",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_expected_devices_user_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organisation", "user_id", "device_id", name="pk_expected_devices"),
    )
    op.create_index("ix_expected_devices_user_id", "expected_devices", ["user_id"])

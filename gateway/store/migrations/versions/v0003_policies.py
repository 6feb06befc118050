"""Policy assignments, and policy changes on their way to the devices (product 4.2, 4.3).

New tables only, so the previous release works on beside it.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make both tables."""
    _policy_assignments()
    _rollouts()


def _must(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def _belongs(table: str, column: str, parent: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [parent], name=f"fk_{table}_{column}", ondelete="CASCADE")


def _policy_assignments() -> None:
    table = "policy_assignments"
    op.create_table(
        table,
        _must("organisation", sa.String(34)),
        sa.Column("reach", sa.Integer(), autoincrement=False, nullable=False),
        _must("target", sa.String(255)),
        _must("device_id", sa.String(64)),
        _must("policy", sa.String(255)),
        _must("priority", sa.Integer()),
        sa.Column("domain", sa.String(255)),
        sa.Column("group_id", sa.String(34)),
        sa.Column("user_id", sa.String(34)),
        _belongs(table, "organisation", "organisations.id"),
        _belongs(table, "domain", "domains.name"),
        _belongs(table, "group_id", "groups.id"),
        _belongs(table, "user_id", "users.id"),
        sa.PrimaryKeyConstraint("organisation", "reach", "target", "device_id", "policy", name=f"pk_{table}"),
    )
    for columns in (["domain"], ["group_id"], ["user_id"], ["organisation", "policy"]):
        op.create_index(f"ix_{table}_{'_'.join(columns)}", table, columns)


def _rollouts() -> None:
    op.create_table(
        "rollouts",
        _must("organisation", sa.String(34)),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        _must("cause", sa.Text()),
        _must("started_by", sa.Text()),
        _must("started_at", _INSTANT),
        _must("window_s", sa.Integer()),
        _must("per_minute", sa.Integer()),
        _must("state", sa.String(64)),
        _must("place_user", sa.String(34)),
        _must("place_device", sa.String(64)),
        _must("planned", sa.Integer()),
        _must("moved", sa.Integer()),
        _must("held_s", sa.Integer()),
        sa.Column("kept_s", sa.Integer()),
        _must("joins", sa.Boolean()),
        _must("hastened", sa.Boolean()),
        sa.Column("paused_at", _INSTANT),
        sa.Column("moved_at", _INSTANT),
        sa.Column("ended_at", _INSTANT),
        sa.CheckConstraint("moved <= planned", name="ck_rollouts_moved"),
        _belongs("rollouts", "organisation", "organisations.id"),
        sa.PrimaryKeyConstraint("organisation", "number", name="pk_rollouts"),
    )
    op.create_index("ix_rollouts_state", "rollouts", ["state"])

"""Orders of wipes, jobs and archived devices (product 5.3, 5.5-5.7).

New tables only, so the previous release works on beside it; wipes that it orders have no order here, and the
device's record stays their truth.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"

_INSTANT = sa.DateTime(timezone=True)
_DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the three tables."""
    _wipe_orders()
    _jobs()
    _archived_devices()


def _must(name: str, kind: object) -> sa.Column[object]:
    return sa.Column(name, kind, nullable=False)  # type: ignore[arg-type]


def _home(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["organisation"], ["organisations.id"], name=f"fk_{table}_organisation", ondelete="CASCADE"
    )


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def _wipe_orders() -> None:
    op.create_table(
        "wipe_orders",
        _must("id", sa.String(34)),
        _must("organisation", sa.String(34)),
        _must("user_id", sa.String(34)),
        _must("device_id", sa.String(64)),
        _must("kind", sa.String(64)),
        _must("progress", sa.String(64)),
        _must("requested_at", _INSTANT),
        _must("requested_by", sa.Text()),
        _must("reason", sa.Text()),
        sa.Column("expires_at", _INSTANT),
        sa.Column("approved_at", _INSTANT),
        _must("approved_by", sa.Text()),
        sa.Column("ordered_at", _INSTANT),
        sa.Column("delivered_at", _INSTANT),
        sa.Column("acknowledged_at", _INSTANT),
        _must("failures", sa.Integer()),
        sa.Column("failed_status", sa.Integer()),
        sa.Column("ended_at", _INSTANT),
        _must("ended_by", sa.Text()),
        _must("ended_why", sa.Text()),
        _must("job", sa.String(34)),
        _home("wipe_orders"),
        sa.PrimaryKeyConstraint("id", name="pk_wipe_orders"),
    )
    _index("wipe_orders", "organisation", "requested_at")
    _index("wipe_orders", "organisation", "user_id", "device_id")
    _index("wipe_orders", "progress")


def _jobs() -> None:
    op.create_table(
        "jobs",
        _must("id", sa.String(34)),
        _must("organisation", sa.String(34)),
        _must("kind", sa.String(64)),
        _must("user_id", sa.String(34)),
        _must("step", sa.String(64)),
        _must("created_at", _INSTANT),
        _must("created_by", sa.Text()),
        _must("deadline", _INSTANT),
        _must("updated_at", _INSTANT),
        _must("reason", sa.Text()),
        _must("state", sa.String(64)),
        _must("note", sa.Text()),
        _must("document", _DOCUMENT),
        _home("jobs"),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
    )
    _index("jobs", "organisation", "created_at")
    _index("jobs", "state")


def _archived_devices() -> None:
    op.create_table(
        "archived_devices",
        sa.Column("sequence", _SEQUENCE, autoincrement=True, nullable=False),
        _must("organisation", sa.String(34)),
        _must("user_id", sa.String(34)),
        _must("device_id", sa.String(64)),
        _must("address", sa.Text()),
        _must("cause", sa.String(64)),
        _must("archived_at", _INSTANT),
        _must("snapshot", _DOCUMENT),
        _must("story", _DOCUMENT),
        _home("archived_devices"),
        sa.PrimaryKeyConstraint("sequence", name="pk_archived_devices"),
        sqlite_autoincrement=True,
    )
    _index("archived_devices", "organisation", "device_id")

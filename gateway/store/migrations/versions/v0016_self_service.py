"""App passwords and sessions at the self-service page (product 7.8).

New tables only, so the previous release works on beside it: it knows no app password and refuses each.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Add them."""
    _app_passwords()
    _self_sessions()


def _app_passwords() -> None:
    op.create_table(
        "app_passwords",
        sa.Column("id", sa.String(34), nullable=False),
        sa.Column("organisation", sa.String(34), nullable=False),
        sa.Column("user_id", sa.String(34), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.Column("device_id", sa.String(64), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True)),
        *_owned("app_passwords"),
    )
    op.create_index("ix_app_passwords_organisation", "app_passwords", ["organisation"])
    op.create_index("ix_app_passwords_user_id_digest", "app_passwords", ["user_id", "digest"], unique=True)


def _self_sessions() -> None:
    op.create_table(
        "self_sessions",
        sa.Column("id", sa.String(34), nullable=False),
        sa.Column("organisation", sa.String(34), nullable=False),
        sa.Column("user_id", sa.String(34), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        *_owned("self_sessions"),
        sa.UniqueConstraint("digest", name="uq_self_sessions_digest"),
    )
    op.create_index("ix_self_sessions_organisation", "self_sessions", ["organisation"])
    op.create_index("ix_self_sessions_user_id", "self_sessions", ["user_id"])


def _owned(table: str) -> tuple[sa.Constraint, ...]:
    homes = f"fk_{table}_organisation_organisations"
    people = f"fk_{table}_user_id_users"
    return (
        sa.ForeignKeyConstraint(["organisation"], ["organisations.id"], name=homes, ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=people, ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
    )

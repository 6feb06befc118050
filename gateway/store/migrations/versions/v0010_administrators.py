"""Administrators, their appointments, tokens and sessions (product 7.6, 7.7). New tables only."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"

_MOMENT = sa.DateTime(timezone=True)
_DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Add them."""
    _administrators()
    _api_tokens()
    _sessions()
    for table, holder in (("appointments", "administrators"), ("token_appointments", "api_tokens")):
        _appointments(table, holder)


def _administrators() -> None:
    op.create_table(
        "administrators",
        sa.Column("id", sa.String(34), nullable=False),
        sa.Column("name", sa.String(320), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("person", sa.String(34), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("address", "issuer", "subject")),
        sa.Column("state", sa.String(64), nullable=False),
        sa.Column("password_hash", sa.Text()),
        sa.Column("password_until", _MOMENT),
        sa.Column("totp", sa.LargeBinary()),
        sa.Column("totp_offered", sa.LargeBinary()),
        sa.Column("totp_counter", sa.BigInteger(), nullable=False),
        sa.Column("recovery", _DOCUMENT, nullable=False),
        sa.Column("vouched_by", sa.String(34), nullable=False),
        sa.Column("vouched_at", _MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_administrators"),
        sa.UniqueConstraint("name", name="uq_administrators_name"),
    )
    op.create_index("ix_administrators_person", "administrators", ["person"])


def _api_tokens() -> None:
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.String(34), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        _owner("api_tokens"),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("limits", _DOCUMENT),
        sa.Column("networks", _DOCUMENT, nullable=False),
        sa.Column("follows", sa.Boolean(), nullable=False),
        sa.Column("destructive", sa.Boolean(), nullable=False),
        sa.Column("last_used_at", _MOMENT),
        sa.Column("revoked", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_api_tokens"),
        sa.UniqueConstraint("digest", name="uq_api_tokens_digest"),
    )
    op.create_index("ix_api_tokens_administrator", "api_tokens", ["administrator"])


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(34), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        _owner("sessions"),
        *(
            sa.Column(name, _MOMENT, nullable=False)
            for name in ("created_at", "seen_at", "confirmed_at", "ends_at")
        ),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("address", "user_agent")),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        sa.UniqueConstraint("digest", name="uq_sessions_digest"),
    )
    op.create_index("ix_sessions_administrator", "sessions", ["administrator"])


def _owner(table: str) -> sa.Column[str]:
    name = f"fk_{table}_administrator"
    return sa.Column(
        "administrator",
        sa.String(34),
        sa.ForeignKey("administrators.id", name=name, ondelete="CASCADE"),
        nullable=False,
    )


def _appointments(table: str, holder: str) -> None:
    def part_of(column: str, parent: str, length: int = 34, *, nullable: bool = True) -> sa.Column[str]:
        name = f"fk_{table}_{column}"
        return sa.Column(
            column,
            sa.String(length),
            sa.ForeignKey(parent, name=name, ondelete="CASCADE"),
            nullable=nullable,
        )

    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        part_of("holder", f"{holder}.id", nullable=False),
        sa.Column("role", sa.String(64), nullable=False),
        part_of("organisation", "organisations.id"),
        part_of("domain", "domains.name", 255),
        part_of("group_id", "groups.id"),
        sa.Column("full_wipe", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
    )
    for column in ("holder", "organisation", "domain", "group_id"):
        op.create_index(f"ix_{table}_{column}", table, [column])

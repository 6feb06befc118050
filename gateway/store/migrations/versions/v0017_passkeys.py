"""Passkeys, questions to browsers, and by what a session was opened (product 7.7).

New tables, and a new column with a default: the previous release works on beside it.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"

_MOMENT = sa.DateTime(timezone=True)
_DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Add them; whoever is signed in by now did it with a password."""
    op.add_column("sessions", sa.Column("means", sa.String(64), nullable=False, server_default="password"))
    _passkeys()
    _questions()


def _passkeys() -> None:
    owner = sa.ForeignKey("administrators.id", name="fk_passkeys_administrator", ondelete="CASCADE")
    op.create_table(
        "passkeys",
        sa.Column("id", sa.String(34), nullable=False),
        sa.Column("administrator", sa.String(34), owner, nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("credential", sa.Text(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("uses", sa.BigInteger(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("last_used_at", _MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_passkeys"),
        sa.UniqueConstraint("credential", name="uq_passkeys_credential"),
    )
    op.create_index("ix_passkeys_administrator", "passkeys", ["administrator"])


def _questions() -> None:
    op.create_table(
        "sign_in_questions",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("purpose", sa.String(64), nullable=False),
        sa.Column("holder", sa.String(34), nullable=False),
        sa.Column("ends_at", _MOMENT, nullable=False),
        sa.Column("content", _DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_sign_in_questions"),
    )
    op.create_index("ix_sign_in_questions_ends_at", "sign_in_questions", ["ends_at"])

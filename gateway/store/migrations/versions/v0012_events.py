"""Webhooks and notices (product 7.9).

New tables only, so the previous release works on beside it.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"

_INSTANT = sa.DateTime(timezone=True)
_DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the five tables."""
    _webhooks()
    _deliveries()
    _subscriptions()
    _letters()
    op.create_table(
        "event_places",
        sa.Column("reader", sa.String(64), nullable=False),
        _must("cursor", sa.BigInteger()),
        sa.PrimaryKeyConstraint("reader", name="pk_event_places"),
    )


def _must(name: str, kind: object) -> sa.Column[object]:
    return sa.Column(name, kind, nullable=False)  # type: ignore[arg-type]


def _number() -> sa.Column[int]:
    return sa.Column("id", _SEQUENCE, autoincrement=True, nullable=False)


def _hangs_on(table: str, column: str, parent: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [parent], name=f"fk_{table}_{column}", ondelete="CASCADE")


def _index(table: str, *columns: str, unique: bool = False) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns), unique=unique)


def _webhooks() -> None:
    op.create_table(
        "webhooks",
        _must("id", sa.String(34)),
        sa.Column("organisation", sa.String(34)),
        _must("url", sa.Text()),
        _must("description", sa.Text()),
        _must("types", _DOCUMENT),
        _must("enabled", sa.Boolean()),
        _must("allow_private", sa.Boolean()),
        _must("cursor", sa.BigInteger()),
        _must("created_at", _INSTANT),
        _must("secret", sa.LargeBinary()),
        sa.Column("former", sa.LargeBinary()),
        sa.Column("former_until", _INSTANT),
        sa.Column("failing_since", _INSTANT),
        _must("stopped", sa.Text()),
        _hangs_on("webhooks", "organisation", "organisations.id"),
        sa.PrimaryKeyConstraint("id", name="pk_webhooks"),
    )
    _index("webhooks", "organisation")


def _sending() -> tuple[sa.Column[object], ...]:
    """How far something that is to be sent has come."""
    return (
        _must("state", sa.String(64)),
        _must("attempts", sa.Integer()),
        _must("created_at", _INSTANT),
        _must("next_at", _INSTANT),
        sa.Column("claimed_until", _INSTANT),
        sa.Column("ended_at", _INSTANT),
        _must("error", sa.Text()),
    )


def _deliveries() -> None:
    op.create_table(
        "webhook_deliveries",
        _number(),
        _must("webhook", sa.String(34)),
        _must("event", sa.BigInteger()),
        _must("type", sa.String(64)),
        _must("lane", sa.String(64)),
        *_sending(),
        _must("status", sa.Integer()),
        _hangs_on("webhook_deliveries", "webhook", "webhooks.id"),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_deliveries"),
        sqlite_autoincrement=True,
    )
    _index("webhook_deliveries", "webhook", "event", unique=True)
    _index("webhook_deliveries", "webhook", "state", "lane", "event")
    _index("webhook_deliveries", "state", "ended_at")


def _subscriptions() -> None:
    op.create_table(
        "notice_subscriptions",
        _number(),
        sa.Column("organisation", sa.String(34)),
        _must("address", sa.String(320)),
        _must("kinds", _DOCUMENT),
        _hangs_on("notice_subscriptions", "organisation", "organisations.id"),
        sa.PrimaryKeyConstraint("id", name="pk_notice_subscriptions"),
    )
    _index("notice_subscriptions", "organisation")


def _letters() -> None:
    op.create_table(
        "letters",
        _number(),
        sa.Column("organisation", sa.String(34)),
        _must("address", sa.String(320)),
        _must("kind", sa.String(64)),
        sa.Column("notice", sa.String(64)),
        _must("event", sa.BigInteger()),
        *_sending(),
        _must("summary", sa.BigInteger()),
        _hangs_on("letters", "organisation", "organisations.id"),
        sa.PrimaryKeyConstraint("id", name="pk_letters"),
        sqlite_autoincrement=True,
    )
    for columns in (("organisation",), ("summary",), ("state", "next_at"), ("address", "created_at")):
        _index("letters", *columns)

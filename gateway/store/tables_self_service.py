"""Tables of app passwords and of sessions at the self-service page (product 7.8)."""

from sqlalchemy import Column, Index, String, Table, Text

from gateway.store.tables import Instant, belongs_to, metadata

app_passwords = Table(
    "app_passwords",
    metadata,
    Column("id", String(34), primary_key=True),
    Column("organisation", String(34), belongs_to("organisations.id"), nullable=False, index=True),
    Column("user_id", String(34), belongs_to("users.id"), nullable=False),
    Column("label", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("device_id", String(64), nullable=False),
    Column("last_used_at", Instant),
    Index(None, "user_id", "digest", unique=True),
)

self_sessions = Table(
    "self_sessions",
    metadata,
    Column("id", String(34), primary_key=True),
    Column("organisation", String(34), belongs_to("organisations.id"), nullable=False, index=True),
    Column("user_id", String(34), belongs_to("users.id"), nullable=False, index=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("proved_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
)

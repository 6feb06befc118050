"""Tables of webhooks and notices (product 7.9). What happened stands in the audit trail and nowhere else: a
delivery or a letter names its record and holds none of it.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from gateway.records import AuditTag
from gateway.records.events import LetterKind, NoticeKind, Progress
from gateway.store.tables import Document, Instant, Sequence, belongs_to, metadata, named

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", String(34), primary_key=True),
    Column("organisation", String(34), belongs_to("organisations.id"), index=True),
    Column("url", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("types", Document, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("allow_private", Boolean, nullable=False),
    Column("cursor", BigInteger, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("former", LargeBinary),
    Column("former_until", Instant),
    Column("failing_since", Instant),
    Column("stopped", Text, nullable=False),
)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("id", Sequence, primary_key=True, autoincrement=True),
    Column("webhook", String(34), belongs_to("webhooks.id"), nullable=False),
    Column("event", BigInteger, nullable=False),
    Column("type", named(AuditTag), nullable=False),
    Column("lane", String(64), nullable=False),
    Column("state", named(Progress), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("next_at", Instant, nullable=False),
    Column("claimed_until", Instant),
    Column("ended_at", Instant),
    Column("status", Integer, nullable=False),
    Column("error", Text, nullable=False),
    Index(None, "webhook", "event", unique=True),
    Index(None, "webhook", "state", "lane", "event"),
    Index(None, "state", "ended_at"),
    sqlite_autoincrement=True,
)

notice_subscriptions = Table(
    "notice_subscriptions",
    metadata,
    Column("id", Sequence, primary_key=True, autoincrement=True),
    Column("organisation", String(34), belongs_to("organisations.id"), index=True),
    Column("address", String(320), nullable=False),
    Column("kinds", Document, nullable=False),
)

letters = Table(
    "letters",
    metadata,
    Column("id", Sequence, primary_key=True, autoincrement=True),
    Column("organisation", String(34), belongs_to("organisations.id"), index=True),
    Column("address", String(320), nullable=False),
    Column("kind", named(LetterKind), nullable=False),
    Column("notice", named(NoticeKind)),
    Column("event", BigInteger, nullable=False),
    Column("state", named(Progress), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("next_at", Instant, nullable=False),
    Column("claimed_until", Instant),
    Column("ended_at", Instant),
    Column("error", Text, nullable=False),
    Column("summary", BigInteger, nullable=False, index=True),
    Index(None, "state", "next_at"),
    Index(None, "address", "created_at"),
    sqlite_autoincrement=True,
)

# How far each reader of the trail that is no webhook has come.
event_places = Table(
    "event_places",
    metadata,
    Column("reader", String(64), primary_key=True),
    Column("cursor", BigInteger, nullable=False),
)

"""The audit trail, and what the gateway signed of it (product 8): checkpoints, and the ends of archives.

Triggers refuse UPDATE of both and DELETE of all but archived records: what an archive ended with is all that
is left of it.
"""

from sqlalchemy import Column, Index, String, Table, Text, text

from gateway.records import AuditTag
from gateway.store.tables import Document, Instant, Sequence, metadata, named

REFUSED = text("outcome != 'done'")
"""The few records of acts that were refused: an index of them alone."""

# No foreign key: the trail outlives what it tells of. A trigger refuses INSERT of all but the next number,
# which the writer gives (``records.chain``).
audit = Table(
    "audit",
    metadata,
    Column("sequence", Sequence, primary_key=True, autoincrement=False),
    Column("tag", named(AuditTag), nullable=False),
    Column("at", Instant, nullable=False),
    Column("actor_kind", Text, nullable=False),
    Column("actor_name", Text, nullable=False),
    Column("actor_address", Text, nullable=False),
    Column("actor_user_agent", Text, nullable=False),
    Column("request_id", Text, nullable=False),
    Column("organisation", String(34), nullable=False),
    Column("target", Text, nullable=False),
    Column("before", Document, nullable=False),
    Column("after", Document, nullable=False),
    Column("reason", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("actor_person", Text, nullable=False, server_default=""),
    Column("actor_credential", Text, nullable=False, server_default=""),
    Column("previous", String(64), nullable=False, server_default=""),
    Column("hash", String(64), nullable=False, server_default=""),
    Index(None, "organisation", "sequence"),
    Index(None, "target", "sequence", postgresql_ops={"target": "text_pattern_ops"}),
    Index(None, "tag", "sequence"),
    Index(None, "actor_name", "sequence"),
    Index("ix_audit_refused", "sequence", sqlite_where=REFUSED, postgresql_where=REFUSED),
)

audit_seals = Table(
    "audit_seals",
    metadata,
    Column("kind", String(16), primary_key=True),
    Column("sequence", Sequence, primary_key=True, autoincrement=False),
    Column("hash", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    Column("count", Sequence, nullable=False),
    Column("key", String(64), nullable=False),
    Column("signature", Text, nullable=False),
)

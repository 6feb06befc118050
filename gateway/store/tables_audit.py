"""What the gateway signed of its audit trail (product 8): checkpoints, and the ends of archives.

Triggers refuse UPDATE and DELETE here as well: what an archive ended with is all that is left of it.
"""

from sqlalchemy import Column, String, Table, Text

from gateway.store.tables import Instant, Sequence, metadata

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

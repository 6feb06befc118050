"""The table of requests that were made under a key (product 7.3). It hangs on nothing: a principal is a
session's or a token's id, or a name, and its rows live for a day whatever becomes of it."""

from sqlalchemy import Column, Index, Integer, LargeBinary, String, Table, Text

from gateway.store.tables import Instant, metadata

kept_requests = Table(
    "kept_requests",
    metadata,
    Column("principal", Text, primary_key=True),
    Column("key", String(64), primary_key=True),
    Column("request", String(64), nullable=False),
    Column("life", String(34), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("status", Integer, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("body", LargeBinary),
    Index(None, "created_at"),
)

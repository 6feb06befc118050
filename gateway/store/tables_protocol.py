"""Tables of the protocol log (product 8): which devices are traced, and what they exchanged.

Neither hangs on a device: what was recorded is there to be read when the device has been removed.
"""

from sqlalchemy import Column, Index, String, Table, Text

from gateway.store.tables import Document, Instant, Sequence, belongs_to, metadata

traced_devices = Table(
    "traced_devices",
    metadata,
    Column("organisation", String(34), belongs_to("organisations.id"), primary_key=True),
    Column("user_id", String(34), primary_key=True),
    Column("device_id", String(64), primary_key=True),
    Column("since", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("ordered_by", Text, nullable=False),
)

protocol_log = Table(
    "protocol_log",
    metadata,
    Column("sequence", Sequence, primary_key=True, autoincrement=True),
    Column("organisation", String(34), belongs_to("organisations.id"), nullable=False),
    Column("user_id", String(34), nullable=False),
    Column("device_id", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    Column("exchange", Document, nullable=False),
    Index(None, "organisation", "user_id", "device_id", "sequence"),
    Index(None, "at"),
    sqlite_autoincrement=True,
)

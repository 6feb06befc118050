"""Tables behind the charts over time (product 7.2): some thousand rows for a machine, and one for a day and
an organisation. What is of the gateway as a whole hangs on nothing."""

from sqlalchemy import Column, Integer, String, Table

from gateway.store.tables import Document, Instant, Sequence, belongs_to, metadata

traffic_history = Table(
    "traffic_history",
    metadata,
    Column("span_s", Integer, primary_key=True, autoincrement=False),
    Column("at", Instant, primary_key=True),
    Column("machine", String(255), primary_key=True),
    Column("parked", Sequence, nullable=False),
    Column("activesync", Sequence, nullable=False),
    Column("activesync_errors", Sequence, nullable=False),
    Column("autodiscover", Sequence, nullable=False),
    Column("autodiscover_errors", Sequence, nullable=False),
)

device_history = Table(
    "device_history",
    metadata,
    Column("organisation", String(34), belongs_to("organisations.id"), primary_key=True),
    Column("day", Instant, primary_key=True),
    Column("states", Document, nullable=False),
)

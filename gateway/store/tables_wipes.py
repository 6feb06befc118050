"""Tables of wipe orders, of jobs and of archived devices (product 5.3, 5.5-5.7).

They name users and devices without hanging on them: an order, a finished off-boarding and an archived device
are there to be read when user and device are gone. All of them go with their organisation.
"""

from sqlalchemy import Column, Index, Integer, String, Table, Text

from gateway.records import ArchiveCause, JobState
from gateway.store.tables import Document, Instant, Sequence, belongs_to, metadata, named
from mdm.device import WipeKind
from mdm.orders import Progress

wipe_orders = Table(
    "wipe_orders",
    metadata,
    Column("id", String(34), primary_key=True),
    Column("organisation", String(34), belongs_to("organisations.id"), nullable=False),
    Column("user_id", String(34), nullable=False),
    Column("device_id", String(64), nullable=False),
    Column("kind", named(WipeKind), nullable=False),
    Column("progress", named(Progress), nullable=False),
    Column("requested_at", Instant, nullable=False),
    Column("requested_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("expires_at", Instant),
    Column("approved_at", Instant),
    Column("approved_by", Text, nullable=False),
    Column("ordered_at", Instant),
    Column("delivered_at", Instant),
    Column("acknowledged_at", Instant),
    Column("failures", Integer, nullable=False),
    Column("failed_status", Integer),
    Column("ended_at", Instant),
    Column("ended_by", Text, nullable=False),
    Column("ended_why", Text, nullable=False),
    Column("job", String(34), nullable=False),
    Column("requested_person", String(34), nullable=False, server_default=""),
    Column("approved_person", String(34), nullable=False, server_default=""),
    Index(None, "organisation", "requested_at"),
    Index(None, "organisation", "user_id", "device_id"),
    Index(None, "progress"),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", String(34), primary_key=True),
    Column("organisation", String(34), belongs_to("organisations.id"), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("user_id", String(34), nullable=False),
    Column("step", String(64), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("deadline", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("reason", Text, nullable=False),
    Column("state", named(JobState), nullable=False),
    Column("note", Text, nullable=False),
    Column("document", Document, nullable=False),
    Column("created_person", String(34), nullable=False, server_default=""),
    Index(None, "organisation", "created_at"),
    Index(None, "state"),
)

archived_devices = Table(
    "archived_devices",
    metadata,
    Column("sequence", Sequence, primary_key=True, autoincrement=True),
    Column("organisation", String(34), belongs_to("organisations.id"), nullable=False),
    Column("user_id", String(34), nullable=False),
    Column("device_id", String(64), nullable=False),
    Column("address", Text, nullable=False),
    Column("cause", named(ArchiveCause), nullable=False),
    Column("archived_at", Instant, nullable=False),
    Column("snapshot", Document, nullable=False),
    Column("story", Document, nullable=False),
    Index(None, "organisation", "device_id"),
    sqlite_autoincrement=True,
)

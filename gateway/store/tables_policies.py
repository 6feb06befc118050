"""Tables of policy assignments and of policy changes on their way to the devices (product 4.2, 4.3).

An assignment's target stands twice: as the text of its key, for a primary key takes no NULL, and as a foreign
key, so that no assignment outlives what it names. One device is no foreign key: what was decided for a
DeviceId holds when it is removed and enrols as new.
"""

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Integer, String, Table, Text

from gateway.records import RolloutState
from gateway.store.tables import Instant, belongs_to, metadata, named

policy_assignments = Table(
    "policy_assignments",
    metadata,
    Column("organisation", String(34), belongs_to("organisations.id"), primary_key=True),
    Column("reach", Integer, primary_key=True, autoincrement=False),
    Column("target", String(255), primary_key=True),
    Column("device_id", String(64), primary_key=True),
    Column("policy", String(255), primary_key=True),
    Column("priority", Integer, nullable=False),
    Column("domain", String(255), belongs_to("domains.name"), index=True),
    Column("group_id", String(34), belongs_to("groups.id"), index=True),
    Column("user_id", String(34), belongs_to("users.id"), index=True),
    Index(None, "organisation", "policy"),
)

rollouts = Table(
    "rollouts",
    metadata,
    Column("organisation", String(34), belongs_to("organisations.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("cause", Text, nullable=False),
    Column("started_by", Text, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("window_s", Integer, nullable=False),
    Column("per_minute", Integer, nullable=False),
    Column("state", named(RolloutState), nullable=False, index=True),
    Column("place_user", String(34), nullable=False),
    Column("place_device", String(64), nullable=False),
    Column("planned", Integer, nullable=False),
    Column("moved", Integer, nullable=False),
    Column("held_s", Integer, nullable=False),
    Column("kept_s", Integer),
    Column("joins", Boolean, nullable=False),
    Column("hastened", Boolean, nullable=False),
    Column("paused_at", Instant),
    Column("moved_at", Instant),
    Column("ended_at", Instant),
    CheckConstraint("moved <= planned", name="ck_rollouts_moved"),
)

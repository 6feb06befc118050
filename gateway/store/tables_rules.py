"""Tables of the access rules (product 6): versions of whole rule sets, devices that wait for an approval, and
overrides for devices that nobody has seen yet.

A rule set is kept whole and never edited, as a policy is: replacing it is one row, a change is seen by a
number, and what was in force at a time can be put in force again.
"""

from sqlalchemy import Column, ForeignKeyConstraint, Index, Integer, String, Table, Text

from gateway.store.tables import Document, Instant, belongs_to, metadata, named
from mdm.device import AccessLevel

rule_sets = Table(
    "rule_sets",
    metadata,
    Column("organisation", String(34), belongs_to("organisations.id"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("document", Document, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("created_by", Text, nullable=False),
)

# Hangs on the device, not on the organisation: who is removed waits no longer.
held_devices = Table(
    "held_devices",
    metadata,
    Column("organisation", String(34), primary_key=True),
    Column("user_id", String(34), primary_key=True),
    Column("device_id", String(64), primary_key=True),
    Column("since", Instant, nullable=False),
    Column("reason", Text, nullable=False),
    Column("rules", Document, nullable=False),
    Column("requests", Integer, nullable=False),
    Column("last_request", Instant, nullable=False),
    ForeignKeyConstraint(
        ["organisation", "user_id", "device_id"],
        ["devices.organisation", "devices.user_id", "devices.device_id"],
        name="fk_held_devices_device",
        ondelete="CASCADE",
    ),
    Index(None, "organisation", "since"),
)

expected_devices = Table(
    "expected_devices",
    metadata,
    Column("organisation", String(34), belongs_to("organisations.id"), primary_key=True),
    Column("user_id", String(34), belongs_to("users.id"), primary_key=True, index=True),
    Column("device_id", String(64), primary_key=True),
    Column("level", named(AccessLevel), nullable=False),
    Column("reason", Text, nullable=False),
    Column("until", Instant),
    Column("created_at", Instant, nullable=False),
    Column("created_by", Text, nullable=False),
)

"""The second policy keys (product 3.5): one for each partnership and each backend that provisions on its own.

They hang on the device: whoever is removed and enrols anew is new at the backend as well.
"""

from sqlalchemy import BigInteger, Column, ForeignKeyConstraint, Integer, String, Table, Text

from gateway.store.tables import Instant, metadata, named
from mdm.device import WipeKind

backend_keys = Table(
    "backend_keys",
    metadata,
    Column("organisation", String(34), primary_key=True),
    Column("user_id", String(34), primary_key=True),
    Column("device_id", String(64), primary_key=True),
    Column("backend", String(62), primary_key=True),
    Column("policy_key", BigInteger, nullable=False),
    Column("given_at", Instant),
    Column("handshakes", Integer, nullable=False),
    Column("window", Instant),
    Column("busy_until", Instant),
    Column("informed", String(32), nullable=False),
    Column("wipe_at", Instant),
    Column("wipe", named(WipeKind)),
    Column("diagnosis", Text, nullable=False),
    ForeignKeyConstraint(
        ["organisation", "user_id", "device_id"],
        ["devices.organisation", "devices.user_id", "devices.device_id"],
        name="fk_backend_keys_device",
        ondelete="CASCADE",
    ),
)

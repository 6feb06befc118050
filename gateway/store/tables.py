"""Every table, as data (house.md 1: only ``gateway.store`` speaks SQL).

Times are UTC; a column type refuses a naive one, for SQLite keeps no offset and would turn local time into a
silent error. ``tombstones`` has the columns of ``devices``, because it is the same record living on for its
wipe.
"""

from collections.abc import Iterable
from dataclasses import asdict, fields
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    func,
    text,
)
from sqlalchemy import Enum as EnumType
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import JSON

from gateway.records import (
    EntityState,
    OrganisationState,
    ResourceKind,
    Safeguards,
    Scope,
    Signal,
    UserSource,
    UserState,
)
from mdm.device import AccessLevel, DeviceState, WipeKind
from mdm.rules import Mode


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime on both databases."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time must be aware")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _values(choices: type[Enum]) -> Iterable[str]:
    return [choice.value for choice in choices]


def named(choices: type[Enum]) -> EnumType:
    """An enum kept by its value in a plain text column, so that a new member needs no migration."""
    return EnumType(choices, native_enum=False, create_constraint=False, length=64, values_callable=_values)


def exactly_one(*columns: str) -> str:
    """SQL that is true where one of ``columns`` is filled and the others are NULL, on both databases."""
    return " + ".join(f"CASE WHEN {column} IS NULL THEN 0 ELSE 1 END" for column in columns) + " = 1"


def belongs_to(parent: str) -> ForeignKey:
    """A row that goes with the row it hangs on."""
    return ForeignKey(parent, ondelete="CASCADE")


Document = JSON().with_variant(JSONB(), "postgresql")


class SafeguardsDocument(TypeDecorator[Safeguards]):
    """Safeguards as a JSON document, so that a further one needs no migration."""

    impl = Document
    cache_ok = True

    def process_bind_param(self, value: Safeguards | None, _dialect: Dialect) -> dict[str, Any] | None:
        return None if value is None else asdict(value)

    def process_result_value(self, value: dict[str, Any] | None, _dialect: Dialect) -> Safeguards | None:
        # A newer release beside this one may know a safeguard that this one has no field for.
        known = {field.name for field in fields(Safeguards)}
        return None if value is None else Safeguards(**{name: value[name] for name in known & set(value)})


Sequence = BigInteger().with_variant(Integer(), "sqlite")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

organisations = Table(
    "organisations",
    metadata,
    Column("id", String(34), primary_key=True),
    Column("alias", String(62), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("state", named(OrganisationState), nullable=False),
    Column("user_source", named(UserSource), nullable=False),
    Column("backend", Text, nullable=False),
    Column("provisioning_signal", named(Signal), nullable=False),
    Column("legacy_versions", Boolean, nullable=False),
    Column("strict_absent_key", Boolean, nullable=False),
    Column("default_access", named(AccessLevel), nullable=False),
    Column("device_limit", Integer, nullable=False),
    Column("rules_mode", named(Mode), nullable=False),
    Column("spared_before", Instant),
    Column("safeguards", SafeguardsDocument, nullable=False),
)

domains = Table(
    "domains",
    metadata,
    Column("name", String(255), primary_key=True),
    Column(
        "organisation",
        String(34),
        ForeignKey("organisations.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("is_default", Boolean, nullable=False),
    Column("backend", Text, nullable=False),
    Column("proof", String(32), nullable=False),
)

domain_checks = Table(
    "domain_checks",
    metadata,
    Column("domain", String(255), belongs_to("domains.name"), primary_key=True),
    Column("checked_at", Instant, nullable=False),
    Column("document", Document, nullable=False),
)

users = Table(
    "users",
    metadata,
    Column("id", String(34), primary_key=True),
    Column("organisation", String(34), ForeignKey("organisations.id", ondelete="CASCADE"), nullable=False),
    Column("login", Text, nullable=False),
    Column("address", String(320), nullable=False, unique=True),
    Column("display_name", Text, nullable=False),
    Column("source", named(UserSource), nullable=False),
    Column("state", named(UserState), nullable=False),
    Column("password_hash", Text),
    Column("first_name", Text, nullable=False),
    Column("last_name", Text, nullable=False),
    Column("backend", Text, nullable=False),
    Column("moved_to", Text, nullable=False),
    Column("details", Document, nullable=False),
    Column("only_listed", Boolean, nullable=False),
    Index(None, "organisation", "address"),
    Index(None, "login"),
)

groups = Table(
    "groups",
    metadata,
    Column("id", String(34), primary_key=True),
    Column("organisation", String(34), belongs_to("organisations.id"), nullable=False),
    Column("name", String(256), nullable=False),
    Column("address", String(320), nullable=False),
    Column("state", named(EntityState), nullable=False),
    Column("backend", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Index(None, "organisation", "name", unique=True),
)

# Two tables and not one with a kind: each member is a foreign key, so that none can outlive what it names.
group_users = Table(
    "group_users",
    metadata,
    Column("group_id", String(34), belongs_to("groups.id"), primary_key=True),
    Column("user_id", String(34), belongs_to("users.id"), primary_key=True, index=True),
)

group_groups = Table(
    "group_groups",
    metadata,
    Column("group_id", String(34), belongs_to("groups.id"), primary_key=True),
    Column("member_id", String(34), belongs_to("groups.id"), primary_key=True, index=True),
)

resources = Table(
    "resources",
    metadata,
    Column("id", String(34), primary_key=True),
    Column("organisation", String(34), belongs_to("organisations.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("address", String(320), nullable=False, unique=True),
    Column("kind", named(ResourceKind), nullable=False),
    Column("state", named(EntityState), nullable=False),
    Index(None, "organisation", "address"),
)

# Every address of users, groups and resources meets in one primary key: no address can mean two things.
# Position 0 is the primary address.
addresses = Table(
    "addresses",
    metadata,
    Column("address", String(320), primary_key=True),
    Column("domain", String(255), nullable=False, index=True),
    Column("user_id", String(34), belongs_to("users.id"), index=True),
    Column("group_id", String(34), belongs_to("groups.id"), index=True),
    Column("resource_id", String(34), belongs_to("resources.id"), index=True),
    Column("position", Integer, nullable=False),
    CheckConstraint(exactly_one("user_id", "group_id", "resource_id"), name="ck_addresses_holder"),
)

# The ids once more beside their foreign keys: a primary key takes no NULL.
grants = Table(
    "grants",
    metadata,
    Column("mailbox", String(34), primary_key=True),
    Column("grantee", String(34), primary_key=True, index=True),
    Column("organisation", String(34), belongs_to("organisations.id"), nullable=False),
    Column("mailbox_user", String(34), belongs_to("users.id")),
    Column("mailbox_resource", String(34), belongs_to("resources.id")),
    Column("grantee_user", String(34), belongs_to("users.id")),
    Column("grantee_group", String(34), belongs_to("groups.id")),
    Column("full_access", Boolean, nullable=False),
    Column("send_as", Boolean, nullable=False),
    Column("send_on_behalf", Boolean, nullable=False),
    CheckConstraint(exactly_one("mailbox_user", "mailbox_resource"), name="ck_grants_mailbox"),
    CheckConstraint(exactly_one("grantee_user", "grantee_group"), name="ck_grants_grantee"),
    *(Index(None, name) for name in ("mailbox_user", "mailbox_resource", "grantee_user", "grantee_group")),
    Index(None, "organisation", "mailbox", "grantee"),
)

# Only the digest of a one-time link is kept: whoever reads the table can open none.
profile_links = Table(
    "profile_links",
    metadata,
    Column("digest", String(128), primary_key=True),
    Column("user_id", String(34), belongs_to("users.id"), nullable=False, index=True),
    Column("expires_at", Instant, nullable=False, index=True),
    Column("used_at", Instant),
)

policies = Table(
    "policies",
    metadata,
    Column("organisation", String(34), ForeignKey("organisations.id", ondelete="CASCADE"), primary_key=True),
    Column("name", String(255), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("document", Document, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("created_by", Text, nullable=False),
)


def _partnership() -> tuple[Any, ...]:
    return (
        *_provisioning(),
        *_wipe(),
        Column("access", named(AccessLevel)),
        Column("access_reason", Text, nullable=False),
        Column("access_until", Instant),
        Column("held_since", Instant),
        Column("suspended_until", Instant),
        Column("suspended_reason", Text, nullable=False),
        Column("conflict", Text, nullable=False),
        Column("alias", Text, nullable=False),
        Column("family", Text, nullable=False, server_default=""),
        Column("claimed", Text, nullable=False, server_default=""),
        Column("information", Document, nullable=False),
        Column("last_sync", Instant),
        Column("last_ip", Text, nullable=False),
        Column("user_agent", Text, nullable=False),
        Column("revision", Integer, nullable=False),
        Index(None, "organisation", "reprovision_at"),
        ForeignKeyConstraint(["organisation"], ["organisations.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="CASCADE"),
    )


def _provisioning() -> tuple[Any, ...]:
    """Which device it is, and how far it has come with its policy."""
    return (
        Column("organisation", String(34), primary_key=True),
        Column("user_id", String(34), primary_key=True),
        Column("device_id", String(64), primary_key=True),
        Column("device_type", Text, nullable=False),
        Column("protocol_version", String(16), nullable=False),
        Column("first_seen", Instant, nullable=False),
        Column("last_seen", Instant, nullable=False),
        Column("state", named(DeviceState), nullable=False, index=True),
        Column("policy_key", BigInteger, nullable=False),
        Column("temporary_key", BigInteger, nullable=False),
        Column("offered_at", Instant),
        Column("offered_digest", Text, nullable=False),
        Column("policy_digest", Text, nullable=False),
        Column("provisioned_at", Instant),
        Column("acknowledged_status", Integer),
        Column("reprovision_at", Instant),
        Column("offers", Integer, nullable=False),
        Column("offers_since", Instant),
        Column("diagnosis", Text, nullable=False),
        Column("proof_key", BigInteger, nullable=False),
        Column("proof_failures", Integer, nullable=False),
        Column("proof_window", Instant),
    )


def _wipe() -> tuple[Any, ...]:
    return (
        Column("wipe_kind", named(WipeKind)),
        Column("wipe_ordered_at", Instant),
        Column("wipe_ordered_by", Text),
        Column("wipe_reason", Text),
        Column("wipe_delivered_at", Instant),
        Column("wipe_acknowledged_at", Instant),
        Column("wipe_failures", Integer),
        Column("wipe_unverified", Boolean),
        Column("wipe_failed_status", Integer),
        Column("wipe_approved_by", Text),
    )


NOTED = text("conflict != '' OR diagnosis != '' OR suspended_until IS NOT NULL")
"""The few devices that somebody should look at (product 5.7, 5.8): an index of them alone."""

devices = Table(
    "devices",
    metadata,
    *_partnership(),
    Index(None, "user_id"),
    Index(None, "organisation", "device_id"),
    Index(
        "ix_devices_noted",
        "organisation",
        "user_id",
        "device_id",
        sqlite_where=NOTED,
        postgresql_where=NOTED,
    ),
)
tombstones = Table("tombstones", metadata, *_partnership(), Index(None, "user_id"))

# sqlite_autoincrement: a pruned sequence number is never given again, or a reader would skip the new row.
changes = Table(
    "changes",
    metadata,
    Column("sequence", Sequence, primary_key=True, autoincrement=True),
    Column("scope", named(Scope), nullable=False),
    Column("organisation", String(34), nullable=False),
    Column("user_id", String(34), nullable=False),
    Column("device_id", String(64), nullable=False),
    Column("at", Instant, nullable=False, server_default=func.now(), index=True),
    sqlite_autoincrement=True,
)

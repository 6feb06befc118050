"""The first schema: directory, policies, partnerships, audit trail, change feed.

Column types are written out and not taken from ``tables``: a step describes its own day. Triggers keep the
audit trail append-only for every client of the database (product 8, T26).
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

_NAMED = sa.String(64)
_INSTANT = sa.DateTime(timezone=True)
_DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make every table."""
    _directory()
    _entities()
    _addresses()
    _grants()
    _profile_links()
    _policies()
    _partnerships("devices")
    _partnerships("tombstones")
    _audit()
    _changes()


def _text(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=False)


def _must(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def _belongs(table: str, column: str, parent: str, key: str = "id") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{parent}.{key}"], name=f"fk_{table}_{column}", ondelete="CASCADE"
    )


def _exactly_one(table: str, what: str, *columns: str) -> sa.CheckConstraint:
    filled = " + ".join(f"CASE WHEN {column} IS NULL THEN 0 ELSE 1 END" for column in columns)
    return sa.CheckConstraint(f"{filled} = 1", name=f"ck_{table}_{what}")


def _indexed(table: str, *columns: str) -> None:
    for column in columns:
        op.create_index(f"ix_{table}_{column}", table, [column])


def _directory() -> None:
    _organisations()
    op.create_table(
        "domains",
        _must("name", sa.String(255)),
        _must("organisation", sa.String(34)),
        _must("is_default", sa.Boolean()),
        _text("backend"),
        _must("proof", sa.String(32)),
        _belongs("domains", "organisation", "organisations"),
        sa.PrimaryKeyConstraint("name", name="pk_domains"),
    )
    op.create_index("ix_domains_organisation", "domains", ["organisation"])
    op.create_table(
        "domain_checks",
        _must("domain", sa.String(255)),
        _must("checked_at", _INSTANT),
        _must("document", _DOCUMENT),
        _belongs("domain_checks", "domain", "domains", "name"),
        sa.PrimaryKeyConstraint("domain", name="pk_domain_checks"),
    )
    _users()


def _organisations() -> None:
    op.create_table(
        "organisations",
        _must("id", sa.String(34)),
        _must("alias", sa.String(62)),
        _text("name"),
        _must("created_at", _INSTANT),
        _must("state", _NAMED),
        _must("user_source", _NAMED),
        _text("backend"),
        _must("provisioning_signal", _NAMED),
        _must("legacy_versions", sa.Boolean()),
        _must("strict_absent_key", sa.Boolean()),
        _must("default_access", _NAMED),
        _must("device_limit", sa.Integer()),
        _must("rules_mode", _NAMED),
        sa.Column("spared_before", _INSTANT),
        _must("safeguards", _DOCUMENT),
        sa.PrimaryKeyConstraint("id", name="pk_organisations"),
        sa.UniqueConstraint("alias", name="uq_organisations_alias"),
    )


def _users() -> None:
    op.create_table(
        "users",
        _must("id", sa.String(34)),
        _must("organisation", sa.String(34)),
        _text("login"),
        _must("address", sa.String(320)),
        _text("display_name"),
        _must("source", _NAMED),
        _must("state", _NAMED),
        sa.Column("password_hash", sa.Text()),
        _text("first_name"),
        _text("last_name"),
        _text("backend"),
        _text("moved_to"),
        _must("details", _DOCUMENT),
        _must("only_listed", sa.Boolean()),
        _belongs("users", "organisation", "organisations"),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("address", name="uq_users_address"),
    )
    op.create_index("ix_users_login", "users", ["login"])
    op.create_index("ix_users_organisation_address", "users", ["organisation", "address"])


def _entities() -> None:
    op.create_table(
        "groups",
        _must("id", sa.String(34)),
        _must("organisation", sa.String(34)),
        _must("name", sa.String(256)),
        _must("address", sa.String(320)),
        _must("state", _NAMED),
        _text("backend"),
        _must("priority", sa.Integer()),
        _belongs("groups", "organisation", "organisations"),
        sa.PrimaryKeyConstraint("id", name="pk_groups"),
    )
    op.create_index("ix_groups_organisation_name", "groups", ["organisation", "name"], unique=True)
    _members("group_users", "user_id", "users")
    _members("group_groups", "member_id", "groups")
    op.create_table(
        "resources",
        _must("id", sa.String(34)),
        _must("organisation", sa.String(34)),
        _text("name"),
        _must("address", sa.String(320)),
        _must("kind", _NAMED),
        _must("state", _NAMED),
        _belongs("resources", "organisation", "organisations"),
        sa.PrimaryKeyConstraint("id", name="pk_resources"),
        sa.UniqueConstraint("address", name="uq_resources_address"),
    )
    op.create_index("ix_resources_organisation_address", "resources", ["organisation", "address"])


def _members(table: str, column: str, parent: str) -> None:
    op.create_table(
        table,
        _must("group_id", sa.String(34)),
        _must(column, sa.String(34)),
        _belongs(table, "group_id", "groups"),
        _belongs(table, column, parent),
        sa.PrimaryKeyConstraint("group_id", column, name=f"pk_{table}"),
    )
    _indexed(table, column)


def _addresses() -> None:
    op.create_table(
        "addresses",
        _must("address", sa.String(320)),
        _must("domain", sa.String(255)),
        sa.Column("user_id", sa.String(34)),
        sa.Column("group_id", sa.String(34)),
        sa.Column("resource_id", sa.String(34)),
        _must("position", sa.Integer()),
        _belongs("addresses", "user_id", "users"),
        _belongs("addresses", "group_id", "groups"),
        _belongs("addresses", "resource_id", "resources"),
        _exactly_one("addresses", "holder", "user_id", "group_id", "resource_id"),
        sa.PrimaryKeyConstraint("address", name="pk_addresses"),
    )
    _indexed("addresses", "domain", "user_id", "group_id", "resource_id")


def _grants() -> None:
    op.create_table(
        "grants",
        _must("mailbox", sa.String(34)),
        _must("grantee", sa.String(34)),
        _must("organisation", sa.String(34)),
        sa.Column("mailbox_user", sa.String(34)),
        sa.Column("mailbox_resource", sa.String(34)),
        sa.Column("grantee_user", sa.String(34)),
        sa.Column("grantee_group", sa.String(34)),
        _must("full_access", sa.Boolean()),
        _must("send_as", sa.Boolean()),
        _must("send_on_behalf", sa.Boolean()),
        _belongs("grants", "organisation", "organisations"),
        _belongs("grants", "mailbox_user", "users"),
        _belongs("grants", "mailbox_resource", "resources"),
        _belongs("grants", "grantee_user", "users"),
        _belongs("grants", "grantee_group", "groups"),
        _exactly_one("grants", "mailbox", "mailbox_user", "mailbox_resource"),
        _exactly_one("grants", "grantee", "grantee_user", "grantee_group"),
        sa.PrimaryKeyConstraint("mailbox", "grantee", name="pk_grants"),
    )
    _indexed("grants", "grantee", "mailbox_user", "mailbox_resource", "grantee_user", "grantee_group")
    together = ["organisation", "mailbox", "grantee"]
    op.create_index("ix_grants_organisation_mailbox_grantee", "grants", together)


def _profile_links() -> None:
    op.create_table(
        "profile_links",
        _must("digest", sa.String(128)),
        _must("user_id", sa.String(34)),
        _must("expires_at", _INSTANT),
        sa.Column("used_at", _INSTANT),
        _belongs("profile_links", "user_id", "users"),
        sa.PrimaryKeyConstraint("digest", name="pk_profile_links"),
    )
    _indexed("profile_links", "user_id", "expires_at")


def _policies() -> None:
    op.create_table(
        "policies",
        _must("organisation", sa.String(34)),
        _must("name", sa.String(255)),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        _must("document", _DOCUMENT),
        _must("created_at", _INSTANT),
        _text("created_by"),
        _belongs("policies", "organisation", "organisations"),
        sa.PrimaryKeyConstraint("organisation", "name", "version", name="pk_policies"),
    )


def _partnerships(table: str) -> None:
    op.create_table(
        table,
        _must("organisation", sa.String(34)),
        _must("user_id", sa.String(34)),
        _must("device_id", sa.String(64)),
        _text("device_type"),
        _must("protocol_version", sa.String(16)),
        _must("first_seen", _INSTANT),
        _must("last_seen", _INSTANT),
        _must("state", _NAMED),
        *_provisioning(),
        *_wipe(),
        sa.Column("access", _NAMED),
        _text("access_reason"),
        sa.Column("access_until", _INSTANT),
        sa.Column("held_since", _INSTANT),
        sa.Column("suspended_until", _INSTANT),
        _text("suspended_reason"),
        _text("conflict"),
        _text("alias"),
        _must("information", _DOCUMENT),
        sa.Column("last_sync", _INSTANT),
        _text("last_ip"),
        _text("user_agent"),
        _must("revision", sa.Integer()),
        _belongs(table, "organisation", "organisations"),
        _belongs(table, "user_id", "users"),
        sa.PrimaryKeyConstraint("organisation", "user_id", "device_id", name=f"pk_{table}"),
    )
    op.create_index(f"ix_{table}_state", table, ["state"])
    due = ["organisation", "reprovision_at"]
    op.create_index(f"ix_{table}_organisation_reprovision_at", table, due)
    op.create_index(f"ix_{table}_user_id", table, ["user_id"])


def _provisioning() -> tuple[sa.Column[Any], ...]:
    return (
        _must("policy_key", sa.BigInteger()),
        _must("temporary_key", sa.BigInteger()),
        sa.Column("offered_at", _INSTANT),
        _text("offered_digest"),
        _text("policy_digest"),
        sa.Column("provisioned_at", _INSTANT),
        sa.Column("acknowledged_status", sa.Integer()),
        sa.Column("reprovision_at", _INSTANT),
        _must("offers", sa.Integer()),
        sa.Column("offers_since", _INSTANT),
        _text("diagnosis"),
        _must("proof_key", sa.BigInteger()),
        _must("proof_failures", sa.Integer()),
        sa.Column("proof_window", _INSTANT),
    )


def _wipe() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("wipe_kind", _NAMED),
        sa.Column("wipe_ordered_at", _INSTANT),
        sa.Column("wipe_ordered_by", sa.Text()),
        sa.Column("wipe_reason", sa.Text()),
        sa.Column("wipe_delivered_at", _INSTANT),
        sa.Column("wipe_acknowledged_at", _INSTANT),
        sa.Column("wipe_failures", sa.Integer()),
        sa.Column("wipe_unverified", sa.Boolean()),
        sa.Column("wipe_failed_status", sa.Integer()),
        sa.Column("wipe_approved_by", sa.Text()),
    )


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("sequence", _SEQUENCE, autoincrement=True, nullable=False),
        _must("tag", _NAMED),
        _must("at", _INSTANT),
        _text("actor_kind"),
        _text("actor_name"),
        _text("actor_address"),
        _text("actor_user_agent"),
        _text("request_id"),
        _must("organisation", sa.String(34)),
        _text("target"),
        _must("before", _DOCUMENT),
        _must("after", _DOCUMENT),
        _text("reason"),
        _text("outcome"),
        sa.PrimaryKeyConstraint("sequence", name="pk_audit"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_organisation_sequence", "audit", ["organisation", "sequence"])
    op.create_index("ix_audit_target_sequence", "audit", ["target", "sequence"])
    for statement in _append_only(op.get_bind().dialect.name):
        op.execute(statement)


def _append_only(dialect: str) -> tuple[str, ...]:
    if dialect == "sqlite":
        refuse = "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END"
        return (
            f"CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit {refuse}",
            f"CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit {refuse}",
        )
    return (
        "CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit trail is append-only'; END $$",
        "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()",
    )


def _changes() -> None:
    op.create_table(
        "changes",
        sa.Column("sequence", _SEQUENCE, autoincrement=True, nullable=False),
        _must("scope", _NAMED),
        _must("organisation", sa.String(34)),
        _must("user_id", sa.String(34)),
        _must("device_id", sa.String(64)),
        sa.Column("at", _INSTANT, nullable=False, server_default=sa.func.now()),
        sa.PrimaryKeyConstraint("sequence", name="pk_changes"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_changes_at", "changes", ["at"])

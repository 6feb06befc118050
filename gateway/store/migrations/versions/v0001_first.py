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
    _policies()
    _partnerships("devices")
    _partnerships("tombstones")
    _audit()
    _changes()


def _text(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=False)


def _must(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def _belongs(table: str, column: str, parent: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{parent}.id"], name=f"fk_{table}_{column}", ondelete="CASCADE"
    )


def _directory() -> None:
    _organisations()
    op.create_table(
        "domains",
        _must("name", sa.String(255)),
        _must("organisation", sa.String(34)),
        _must("is_default", sa.Boolean()),
        _belongs("domains", "organisation", "organisations"),
        sa.PrimaryKeyConstraint("name", name="pk_domains"),
    )
    op.create_index("ix_domains_organisation", "domains", ["organisation"])
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
        _belongs("users", "organisation", "organisations"),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("address", name="uq_users_address"),
    )
    op.create_index("ix_users_login", "users", ["login"])
    op.create_index("ix_users_organisation_address", "users", ["organisation", "address"])
    op.create_table(
        "addresses",
        _must("address", sa.String(320)),
        _must("domain", sa.String(255)),
        _must("user_id", sa.String(34)),
        _must("position", sa.Integer()),
        _belongs("addresses", "user_id", "users"),
        sa.PrimaryKeyConstraint("address", name="pk_addresses"),
    )
    op.create_index("ix_addresses_domain", "addresses", ["domain"])
    op.create_index("ix_addresses_user_id", "addresses", ["user_id"])


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

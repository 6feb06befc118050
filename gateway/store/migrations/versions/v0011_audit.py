"""The chain and the checkpoints of the audit trail (product 8, T26).

Rows that are there are numbered without gaps and chained in their order. From now on the database itself
takes nothing but the next number, changes no row, and lets go of none that was not archived. A release before
this one cannot write the trail any more: its rows would be in no chain.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from gateway.records.chain import COLUMNS, GENESIS, link
from gateway.store.audit_chain import raw

revision = "0011"
down_revision = "0010"

_SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_ARCHIVED = "(SELECT coalesce(max(sequence), 0) FROM audit_seals WHERE kind = 'archive')"
_LAST = "(SELECT coalesce(max(sequence), 0) FROM audit)"
_BATCH = 1000


def upgrade() -> None:
    """Add columns and seals, chain what is there, close the table."""
    connection = op.get_bind()
    dialect = connection.dialect.name
    for statement in _OPENING[dialect]:
        op.execute(statement)
    for name, kind in (("actor_person", sa.Text()), ("actor_credential", sa.Text())):
        op.add_column("audit", sa.Column(name, kind, nullable=False, server_default=""))
    for name in ("previous", "hash"):
        op.add_column("audit", sa.Column(name, sa.String(64), nullable=False, server_default=""))
    _seals()
    _chain(connection)
    _indexes()
    for statement in _CLOSING[dialect]:
        op.execute(statement)


def _seals() -> None:
    op.create_table(
        "audit_seals",
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("sequence", _SEQUENCE, autoincrement=False, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("count", _SEQUENCE, nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "sequence", name="pk_audit_seals"),
    )


def _indexes() -> None:
    """Each question to a long trail has one; a user's devices are found by the beginning of their target."""
    op.drop_index("ix_audit_target_sequence", "audit")
    pattern = {"target": "text_pattern_ops"}
    op.create_index("ix_audit_target_sequence", "audit", ["target", "sequence"], postgresql_ops=pattern)
    op.create_index("ix_audit_tag_sequence", "audit", ["tag", "sequence"])
    op.create_index("ix_audit_actor_name_sequence", "audit", ["actor_name", "sequence"])
    refused = sa.text("outcome != 'done'")
    op.create_index("ix_audit_refused", "audit", ["sequence"], sqlite_where=refused, postgresql_where=refused)


def _chain(connection: Any) -> None:
    """Numbers only become smaller, in ascending order, so none meets another on the way."""
    place, number, hashed, last = COLUMNS.index("sequence"), 0, GENESIS, 0
    while rows := connection.execute(_page(connection.dialect.name, last)).all():
        changes = []
        for row in rows:
            last, number, previous = row[place], number + 1, hashed
            values = (*row[:place], number, *row[place + 1 : len(COLUMNS)])
            hashed = link(values, previous)
            changes.append({"old": last, "number": number, "previous": previous, "hashed": hashed})
        connection.execute(
            sa.text(
                "UPDATE audit SET sequence = :number, previous = :previous, hash = :hashed"
                " WHERE sequence = :old"
            ),
            changes,
        )


def _page(dialect: str, after: int) -> Any:
    sequence: sa.ColumnClause[int] = sa.column("sequence")
    return raw(dialect).where(sequence > after).order_by(sequence).limit(_BATCH)


def _refused(table: str, event: str, when: str = "") -> str:
    name = f"{table}_{event.lower()}"
    refuse = "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END"
    return f"CREATE TRIGGER {name} BEFORE {event} ON {table} {when} {refuse}"


def _function(name: str, condition: str, row: str) -> str:
    return (
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {condition} THEN "
        f"RAISE EXCEPTION 'the audit trail is append-only'; END IF; RETURN {row}; END $$"
    )


_OPENING = {
    "sqlite": ("DROP TRIGGER audit_no_update", "DROP TRIGGER audit_no_delete"),
    "postgresql": (
        "DROP TRIGGER audit_append_only ON audit",
        "ALTER TABLE audit ALTER COLUMN sequence DROP DEFAULT",
        "DROP SEQUENCE IF EXISTS audit_sequence_seq",
    ),
}
# INSERT OR REPLACE of SQLite calls no trigger for the row that it takes away; the one for the next number
# refuses it.
_CLOSING = {
    "sqlite": (
        _refused("audit", "UPDATE"),
        _refused("audit", "DELETE", f"WHEN OLD.sequence > {_ARCHIVED}"),
        _refused("audit", "INSERT", f"WHEN NEW.sequence IS NOT 1 + max({_LAST}, {_ARCHIVED})"),
        _refused("audit_seals", "UPDATE"),
        _refused("audit_seals", "DELETE"),
        _refused(
            "audit_seals",
            "INSERT",
            "WHEN EXISTS (SELECT 1 FROM audit_seals WHERE kind = NEW.kind AND sequence = NEW.sequence)",
        ),
    ),
    "postgresql": (
        _function("audit_archived_only", f"OLD.sequence > {_ARCHIVED}", "OLD"),
        _function(
            "audit_next_only", f"NEW.sequence IS DISTINCT FROM 1 + greatest({_LAST}, {_ARCHIVED})", "NEW"
        ),
        "CREATE TRIGGER audit_append_only BEFORE UPDATE OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()",
        "CREATE TRIGGER audit_archived_only BEFORE DELETE ON audit "
        "FOR EACH ROW EXECUTE FUNCTION audit_archived_only()",
        "CREATE TRIGGER audit_next_only BEFORE INSERT ON audit "
        "FOR EACH ROW EXECUTE FUNCTION audit_next_only()",
        "CREATE TRIGGER audit_seals_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_seals "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()",
    ),
}

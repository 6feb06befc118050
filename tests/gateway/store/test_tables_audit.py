"""What was signed outlives everything; that the migration makes exactly this is shown in test_schema."""

from dataclasses import fields

from gateway.records import Seal
from gateway.store.tables_audit import audit_seals


def test_a_row_is_a_seal_and_hangs_on_nothing() -> None:
    assert audit_seals.c.keys() == [field.name for field in fields(Seal)]
    assert not audit_seals.foreign_keys

"""Tables of the access rules: that the migration makes exactly these is shown in test_schema."""

from gateway.store.tables import metadata
from gateway.store.tables_rules import expected_devices, held_devices, rule_sets


def test_the_tables_are_among_those_that_the_migrations_are_held_against() -> None:
    for table in (rule_sets, held_devices, expected_devices):
        assert metadata.tables[table.name] is table

"""The table of second keys: that the migration makes exactly it is shown in test_schema."""

from gateway.store.tables import metadata
from gateway.store.tables_backends import backend_keys


def test_the_table_is_among_those_that_the_migrations_are_held_against() -> None:
    assert metadata.tables[backend_keys.name] is backend_keys

"""Tables of the self-service: that the migration makes exactly these is shown in test_schema."""

from gateway.store.tables import metadata
from gateway.store.tables_self_service import app_passwords, self_sessions


def test_the_tables_are_among_those_that_the_migrations_are_held_against() -> None:
    for table in (app_passwords, self_sessions):
        assert metadata.tables[table.name] is table

"""Tables behind the charts: that the migration makes exactly these is shown in test_schema."""

from gateway.store.tables import metadata
from gateway.store.tables_history import device_history, traffic_history


def test_the_tables_are_among_those_that_the_migrations_are_held_against() -> None:
    for table in (traffic_history, device_history):
        assert metadata.tables[table.name] is table

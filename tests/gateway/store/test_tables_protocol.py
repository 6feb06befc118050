"""Tables of the protocol log: that the migration makes exactly these is shown in test_schema."""

from gateway.store.tables import metadata
from gateway.store.tables_protocol import protocol_log, traced_devices


def test_the_tables_are_among_those_that_the_migrations_are_held_against() -> None:
    for table in (traced_devices, protocol_log):
        assert metadata.tables[table.name] is table

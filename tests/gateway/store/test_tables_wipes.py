"""Tables of orders, jobs and the archive: that the migration makes exactly these is shown in test_schema."""

from gateway.store.tables import metadata
from gateway.store.tables_wipes import archived_devices, jobs, wipe_orders


def test_what_outlives_users_and_devices_hangs_on_the_organisation_alone() -> None:
    for table in (wipe_orders, jobs, archived_devices):
        assert metadata.tables[table.name] is table
        assert {key.column.table.name for key in table.foreign_keys} == {"organisations"}

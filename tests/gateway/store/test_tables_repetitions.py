"""The table of keyed requests: that the migration makes exactly it is shown in test_schema."""

from gateway.store.tables import metadata
from gateway.store.tables_repetitions import kept_requests


def test_it_hangs_on_nothing_and_names_a_key_once_for_each_principal() -> None:
    assert metadata.tables["kept_requests"] is kept_requests
    assert not kept_requests.foreign_keys
    assert [column.name for column in kept_requests.primary_key] == ["principal", "key"]

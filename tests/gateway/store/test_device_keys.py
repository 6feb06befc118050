"""A key finds its own row in any table, one by one and in a batch."""

import pytest
from sqlalchemy import Connection, create_engine, insert, select, update

from gateway.store.device_keys import bound_key, columns_of, has_bound_key, has_key, key_in
from gateway.store.tables_rules import held_devices as table
from mdm.device import DeviceKey

KEYS = [
    DeviceKey(organisation, user, device)
    for organisation in ("m-1", "m-2")
    for user in ("u-1", "u-2")
    for device in ("A", "B")
]


@pytest.fixture
def connection() -> Connection:
    connection = create_engine("sqlite://").connect()
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    connection.exec_driver_sql(f"CREATE TABLE {table.name} ({names})")
    connection.execute(insert(table).values(requests=0), [columns_of(key) for key in KEYS])
    return connection


@pytest.mark.parametrize("key", KEYS)
def test_a_key_finds_its_own_row(connection: Connection, key: DeviceKey) -> None:
    row = connection.execute(
        select(table.c["organisation", "user_id", "device_id"]).where(has_key(table, key))
    )
    assert key_in(row.mappings().one()) == key


def test_a_batch_changes_the_rows_of_its_keys(connection: Connection) -> None:
    chosen = KEYS[::3]
    connection.execute(
        update(table).where(has_bound_key(table)).values(requests=1), [*map(bound_key, chosen)]
    )
    found = connection.execute(
        select(table.c["organisation", "user_id", "device_id"]).where(table.c.requests == 1)
    )
    assert [key_in(row) for row in found.mappings()] == chosen

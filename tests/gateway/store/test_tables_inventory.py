"""The list's table has a column for each of its fields."""

from gateway.records.inventory import FIELDS
from gateway.store.tables_inventory import device_passwords, inventory


def test_every_field_has_its_column() -> None:
    key = {"organisation", "user_id", "device_id"}
    assert {column.name for column in inventory.columns} == set(FIELDS) | key


def test_a_password_goes_with_its_device() -> None:
    assert {each.elements[0].ondelete for each in device_passwords.foreign_key_constraints} == {"CASCADE"}

"""App passwords that are there already, without anybody who knows them (product 7.8)."""

from gateway.records.app_passwords import AppPassword
from tests.support.desk import Desk
from tests.support.stores import NOON


def given(desk: Desk, address: str, identity: str = "k-1", label: str = "phone") -> None:
    """Let the user with this id or address have one, of the device PHONE1."""
    owner = desk.services.users.get(address)
    made = AppPassword(identity, owner.organisation, owner.id, label, identity * 10, NOON, device_id="PHONE1")
    with desk.services.store.write() as transaction:
        transaction.app_passwords.add(made)

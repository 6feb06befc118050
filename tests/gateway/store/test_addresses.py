"""Rows of addresses: counted whoever holds them, and exactly one holder each."""

from dataclasses import replace

import pytest
from sqlalchemy import insert

from gateway.errors import LostRace
from gateway.store import DatabaseStore
from gateway.store.tables import addresses
from tests.support.stores import group, resource, user

pytestmark = pytest.mark.usefixtures("acme")


def test_all_addresses_of_a_domain_are_counted_and_some_are_named(store: DatabaseStore) -> None:
    with store.write() as transaction:
        transaction.directory.add_user(replace(user(), aliases=("ann@other.example", "b@acme.example")))
        transaction.directory.add_group(group(address="staff@acme.example"))
        transaction.directory.add_group(group("silent"))
        transaction.directory.add_resource(resource())
    with store.read() as transaction:
        assert transaction.directory.addresses_in("acme.example") == 4
        named = transaction.directory.some_addresses_in("acme.example", 3)
        assert named == ["ann@acme.example", "b@acme.example", "room1@acme.example"]
        assert transaction.directory.addresses_in("example") == 0


@pytest.mark.parametrize("holders", [{}, {"user_id": user().id, "group_id": group().id}], ids=["none", "two"])
def test_an_address_has_exactly_one_holder(store: DatabaseStore, holders: dict[str, str]) -> None:
    row = {"address": "x@acme.example", "domain": "acme.example", "position": 0, **holders}
    with store.write() as transaction:
        transaction.directory.add_user(user())
        transaction.directory.add_group(group())
    with pytest.raises(LostRace), store.write() as transaction:
        transaction.directory._connection.execute(insert(addresses), row)
    with store.read() as transaction:
        assert transaction.directory.addresses_in("acme.example") == 1


def test_an_address_is_free_again_when_its_holder_is_gone(store: DatabaseStore) -> None:
    with store.write() as transaction:
        transaction.directory.add_group(group(address="staff@acme.example"))
        transaction.directory.add_resource(resource())
        transaction.directory.remove_group(group().id)
        transaction.directory.remove_resource(resource().id)
    with store.read() as transaction:
        assert transaction.directory.addresses_in("acme.example") == 0

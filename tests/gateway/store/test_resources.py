"""Rows of resources, on every database."""

from dataclasses import replace

import pytest

from gateway.errors import LostRace
from gateway.records import EntityState, ResourceKind
from gateway.store import DatabaseStore
from tests.support.stores import ACME, GLOBEX, resource, user


@pytest.fixture(autouse=True)
def _organisations(store: DatabaseStore) -> None:
    with store.write() as transaction:
        transaction.directory.add_organisation(ACME)
        transaction.directory.add_organisation(GLOBEX)


def test_a_resource_is_kept_changed_and_removed(store: DatabaseStore) -> None:
    beamer = resource("beamer", kind=ResourceKind.EQUIPMENT)
    with store.write() as transaction:
        transaction.directory.add_resource(beamer)
        moved = replace(beamer, address="projector@acme.example", state=EntityState.DISABLED)
        transaction.directory.save_resource(moved)
    with store.read() as transaction:
        assert transaction.directory.resource(beamer.id) == moved
        assert transaction.directory.entity_by_address(beamer.address) is None
        assert transaction.directory.entity_by_address(moved.address) == moved
    with store.write() as transaction:
        transaction.directory.remove_resource(beamer.id)
    with store.read() as transaction:
        assert transaction.directory.resource(beamer.id) is None


def test_resources_are_paged_by_address(store: DatabaseStore) -> None:
    rooms = [resource(f"room{number}") for number in range(4)]
    with store.write() as transaction:
        for room in (*rooms, resource("room0", GLOBEX)):
            transaction.directory.add_resource(room)
    with store.read() as transaction:
        assert transaction.directory.resources(ACME.id, limit=2) == rooms[:2]
        assert transaction.directory.resources(ACME.id, after=rooms[1].address) == rooms[2:]


def test_a_resource_cannot_have_the_address_of_a_user(store: DatabaseStore) -> None:
    with pytest.raises(LostRace), store.write() as transaction:
        transaction.directory.add_user(user("room1"))
        transaction.directory.add_resource(resource("room1"))

"""Rows of users, on every database."""

from dataclasses import replace

import pytest

from gateway.errors import LostRace
from gateway.records import UserState
from gateway.store import DatabaseStore
from tests.support.stores import ACME, GLOBEX, user

pytestmark = pytest.mark.usefixtures("acme_and_globex", "acme_example")


def test_a_user_is_found_by_id_address_alias_and_login(store: DatabaseStore) -> None:
    ann = replace(user(), aliases=("second@acme.example", "first@acme.example"))
    with store.write() as transaction:
        transaction.directory.add_user(ann)
    with store.read() as transaction:
        directory = transaction.directory
        assert directory.user(ann.id) == ann
        assert directory.user_by_address("Ann@ACME.example") == ann
        assert directory.user_by_address("first@acme.example") == ann
        assert directory.users_by_login("ANN") == [ann]
        assert directory.user_by_address("nobody@acme.example") is None
        assert directory.addresses_in("acme.example") == 3


def test_many_are_read_at_once(store: DatabaseStore) -> None:
    ann, bob = replace(user(), aliases=("a@acme.example",)), user("bob")
    with store.write() as transaction:
        transaction.directory.add_user(ann)
        transaction.directory.add_user(bob)
        assert transaction.directory.users_by_id({ann.id, "u-nobody"}) == {ann.id: ann}
        assert transaction.directory.users_by_id([bob.id, ann.id]) == {ann.id: ann, bob.id: bob}
        assert transaction.directory.users_by_id(()) == {}


def test_an_address_means_one_user(store: DatabaseStore) -> None:
    with store.write() as transaction:
        transaction.directory.add_user(user())
    bob = replace(user("bob"), aliases=("ann@acme.example",))
    with pytest.raises(LostRace), store.write() as transaction:
        transaction.directory.add_user(bob)
    with store.read() as transaction:
        assert transaction.directory.user(bob.id) is None


def test_saving_a_user_replaces_the_aliases(store: DatabaseStore) -> None:
    ann = replace(user(), aliases=("old@acme.example",))
    with store.write() as transaction:
        transaction.directory.add_user(ann)
        ann = replace(ann, aliases=("new@acme.example",), state=UserState.DISABLED)
        transaction.directory.save_user(ann)
    with store.read() as transaction:
        assert transaction.directory.user(ann.id) == ann
        assert transaction.directory.user_by_address("old@acme.example") is None


def test_users_are_paged_by_address(store: DatabaseStore) -> None:
    people = [user(f"u{number}") for number in range(5)]
    with store.write() as transaction:
        for person in people:
            transaction.directory.add_user(person)
    with store.read() as transaction:
        page = transaction.directory.users(ACME.id, limit=2)
        assert page == people[:2]
        assert transaction.directory.users(ACME.id, after=page[-1].address) == people[2:]
        assert transaction.directory.users(GLOBEX.id) == []


def test_removing_a_user_frees_the_addresses(store: DatabaseStore) -> None:
    with store.write() as transaction:
        transaction.directory.add_user(user())
        transaction.directory.remove_user(user().id)
    with store.read() as transaction:
        assert transaction.directory.addresses_in("acme.example") == 0


def test_a_user_keeps_names_route_destination_and_details(store: DatabaseStore) -> None:
    ann = replace(
        user(),
        first_name="Ann",
        last_name="Lee",
        backend="exchange",
        moved_to="ann@elsewhere.example",
        details={"phone": "+44 20 7946 0000", "city": "Zürich"},
    )
    with store.write() as transaction:
        transaction.directory.add_user(ann)
    with store.read() as transaction:
        assert transaction.directory.user(ann.id) == ann

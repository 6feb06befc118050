"""Rows of groups and members, on every database: nesting, loops written by hand, disabled links."""

from dataclasses import replace
from itertools import pairwise

import pytest

from gateway.errors import LostRace
from gateway.records import EntityState, Group
from gateway.store import DatabaseStore
from tests.support.stores import ACME, GLOBEX, group, user


@pytest.fixture(autouse=True)
def _directory(store: DatabaseStore) -> None:
    with store.write() as transaction:
        transaction.directory.add_organisation(ACME)
        transaction.directory.add_organisation(GLOBEX)
        transaction.directory.add_user(user())


def _nest(store: DatabaseStore, *names: str) -> list[Group]:
    """Groups each of which holds the one before it; the first holds ann."""
    made = [group(name) for name in names]
    with store.write() as transaction:
        for each in made:
            transaction.directory.add_group(each)
        transaction.directory.add_member(made[0].id, user().id, nested=False)
        for inner, outer in pairwise(made):
            transaction.directory.add_member(outer.id, inner.id, nested=True)
    return made


def test_a_group_is_kept_changed_and_found(store: DatabaseStore) -> None:
    staff = group(address="staff@acme.example", backend="exchange", priority=7)
    with store.write() as transaction:
        transaction.directory.add_group(staff)
        staff = replace(staff, state=EntityState.DISABLED, address="")
        transaction.directory.save_group(staff)
    with store.read() as transaction:
        assert transaction.directory.group(staff.id) == staff
        assert transaction.directory.group_by_name(ACME.id, "staff") == staff
        assert transaction.directory.group_by_name(GLOBEX.id, "staff") is None
        assert transaction.directory.group("g-nobody") is None
        assert transaction.directory.entity_by_address("staff@acme.example") is None


def test_groups_are_paged_by_name_within_their_organisation(store: DatabaseStore) -> None:
    made = [group(f"n{number}") for number in range(4)]
    with store.write() as transaction:
        for each in (*made, group("n0", GLOBEX)):
            transaction.directory.add_group(each)
    with store.read() as transaction:
        assert transaction.directory.groups(ACME.id, limit=3) == made[:3]
        assert transaction.directory.groups(ACME.id, after="n2") == made[3:]


def test_a_name_is_one_group_of_an_organisation(store: DatabaseStore) -> None:
    with pytest.raises(LostRace), store.write() as transaction:
        transaction.directory.add_group(group())
        transaction.directory.add_group(replace(group(), id="g-second"))


def test_membership_reaches_through_nested_groups(store: DatabaseStore) -> None:
    made = _nest(store, "a", "b", "c")
    with store.read() as transaction:
        assert transaction.directory.groups_of(user().id) == made
        assert transaction.directory.groups_within(made[2].id) == [made[0].id, made[1].id]
        assert transaction.directory.groups_within(made[0].id) == []


def test_a_disabled_group_gives_nothing_and_lets_nothing_through(store: DatabaseStore) -> None:
    first, second, _ = _nest(store, "a", "b", "c")
    with store.write() as transaction:
        transaction.directory.save_group(replace(second, state=EntityState.DISABLED))
    with store.read() as transaction:
        assert transaction.directory.groups_of(user().id) == [first]


def test_a_loop_that_a_hand_wrote_ends(store: DatabaseStore) -> None:
    made = _nest(store, "a", "b")
    with store.write() as transaction:
        transaction.directory.add_member(made[0].id, made[1].id, nested=True)
    with store.read() as transaction:
        assert transaction.directory.groups_of(user().id) == made
        assert transaction.directory.groups_within(made[0].id) == [made[0].id, made[1].id]


def test_members_are_shown_with_name_and_address_page_by_page(store: DatabaseStore) -> None:
    inner, outer = _nest(store, "a", "b")
    with store.write() as transaction:
        transaction.directory.add_member(outer.id, user().id, nested=False)
    with store.read() as transaction:
        first, second = transaction.directory.members(outer.id)
        assert (first.id, first.name, first.nested, first.group) == (inner.id, "a", True, outer.id)
        assert (second.id, second.address, second.nested) == (user().id, "ann@acme.example", False)
        assert transaction.directory.members(outer.id, limit=1) == [first]
        assert transaction.directory.members(outer.id, after=first.id) == [second]


def test_a_member_leaves_once(store: DatabaseStore) -> None:
    inner, outer = _nest(store, "a", "b")
    with store.write() as transaction:
        assert transaction.directory.remove_member(outer.id, inner.id)
        assert not transaction.directory.remove_member(outer.id, inner.id)
        assert transaction.directory.remove_member(inner.id, user().id)
    with store.read() as transaction:
        assert transaction.directory.groups_of(user().id) == []


def test_membership_goes_with_either_side(store: DatabaseStore) -> None:
    inner, outer = _nest(store, "a", "b")
    with store.write() as transaction:
        transaction.directory.remove_group(inner.id)
    with store.read() as transaction:
        assert transaction.directory.members(outer.id) == []
    with store.write() as transaction:
        transaction.directory.add_member(outer.id, user().id, nested=False)
        transaction.directory.remove_user(user().id)
    with store.read() as transaction:
        assert transaction.directory.members(outer.id) == []

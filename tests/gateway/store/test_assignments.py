"""Rows of policy assignments, on every database."""

from dataclasses import replace

import pytest

from gateway.records import Assignment, Domain, EntityState
from gateway.store import DatabaseStore
from mdm.layers import Reach
from tests.support.stores import ACME, GLOBEX, group, user

ANN, BOB = user("ann"), user("bob")
SALES, FIELD, OUTER = group("sales"), group("field"), group("outer", state=EntityState.DISABLED)
EVERYBODY = Assignment(ACME.id, Reach.ORGANISATION, "", "house")
THERE = Assignment(ACME.id, Reach.DOMAIN, "acme.example", "house")
SELLERS = Assignment(ACME.id, Reach.GROUP, SALES.id, "strict", priority=3)
HERS = Assignment(ACME.id, Reach.USER, ANN.id, "strict")
PHONE = Assignment(ACME.id, Reach.DEVICE, ANN.id, "strict", "PHONE1")
ALL = [EVERYBODY, THERE, SELLERS, HERS, PHONE]


@pytest.fixture(autouse=True)
def _directory(store: DatabaseStore) -> None:
    with store.write() as transaction:
        directory = transaction.directory
        for organisation in (ACME, GLOBEX):
            directory.add_organisation(organisation)
        directory.add_domain(Domain("acme.example", ACME.id))
        for person in (ANN, BOB):
            directory.add_user(person)
        for each in (SALES, FIELD, OUTER):
            directory.add_group(each)
        for assignment in ALL:
            transaction.assignments.save(assignment)


def test_they_are_found_by_whom_they_mean(store: DatabaseStore) -> None:
    with store.read() as transaction:
        assert transaction.assignments.all(ACME.id) == ALL
        assert transaction.assignments.all(ACME.id, policy="house") == ALL[:2]
        assert transaction.assignments.all(GLOBEX.id) == []
        assert transaction.assignments.wide(ACME.id) == ALL[:3]
        assert transaction.assignments.personal([ANN.id, BOB.id]) == ALL[3:]
        assert transaction.assignments.personal([BOB.id]) == []


def test_saving_again_changes_the_priority_alone(store: DatabaseStore) -> None:
    with store.write() as transaction:
        transaction.assignments.save(replace(SELLERS, priority=9))
    with store.write() as transaction:
        assert [one.priority for one in transaction.assignments.all(ACME.id)] == [0, 0, 9, 0, 0]
        assert transaction.assignments.remove(SELLERS)
        assert not transaction.assignments.remove(SELLERS)
        assert transaction.assignments.remove(PHONE)
        assert transaction.assignments.all(ACME.id) == [EVERYBODY, THERE, HERS]


def test_none_outlives_what_it_names(store: DatabaseStore) -> None:
    with store.write() as transaction:
        transaction.directory.remove_group(SALES.id)
        transaction.directory.remove_user(ANN.id)
        transaction.directory.remove_domain("acme.example")
        assert transaction.assignments.all(ACME.id) == [EVERYBODY]


def test_where_users_stand_is_asked_in_one_go(store: DatabaseStore) -> None:
    with store.write() as transaction:
        directory = transaction.directory
        directory.add_member(FIELD.id, ANN.id, nested=False)
        directory.add_member(SALES.id, FIELD.id, nested=True)
        directory.add_member(FIELD.id, SALES.id, nested=True)
        directory.add_member(OUTER.id, ANN.id, nested=False)
        places = transaction.assignments.places([ANN.id, BOB.id, "u-nobody"])
        mine = frozenset(each.id for each in directory.groups_of(ANN.id))
    assert places == {
        ANN.id: ("acme.example", frozenset({FIELD.id, SALES.id})),
        BOB.id: ("acme.example", frozenset()),
    }
    assert places[ANN.id][1] == mine

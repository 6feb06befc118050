"""Rows of mailbox permissions, and which mailboxes they open, on every database."""

from dataclasses import replace

import pytest

from gateway.records import EntityState, Grant, OpenMailbox, Right, User, UserState
from gateway.store import DatabaseStore
from tests.support.stores import ACME, GLOBEX, group, resource, user

BOB = user("bob")
FULL = frozenset({Right.FULL_ACCESS})


@pytest.fixture(autouse=True)
def _directory(store: DatabaseStore) -> None:
    """Ann is in the group ``inner``, which is in ``outer``."""
    with store.write() as transaction:
        transaction.directory.add_organisation(ACME)
        transaction.directory.add_organisation(GLOBEX)
        for person in (user(), BOB):
            transaction.directory.add_user(person)
        transaction.directory.add_resource(resource())
        for name in ("inner", "outer"):
            transaction.directory.add_group(group(name))
        transaction.directory.add_member(group("inner").id, user().id, nested=False)
        transaction.directory.add_member(group("outer").id, group("inner").id, nested=True)


def _grant(mailbox: str, grantee: str, rights: frozenset[Right] = FULL) -> Grant:
    return Grant(ACME.id, mailbox, grantee, rights)


def _save(store: DatabaseStore, *grants: Grant) -> None:
    with store.write() as transaction:
        for grant in grants:
            transaction.directory.save_grant(grant)


def _open(store: DatabaseStore, person: User) -> list[OpenMailbox]:
    with store.read() as transaction:
        return list(transaction.directory.mailboxes_open_to(person.id))


def test_a_permission_is_kept_replaced_and_removed(store: DatabaseStore) -> None:
    first = _grant(BOB.id, user().id, frozenset({Right.SEND_AS, Right.SEND_ON_BEHALF}))
    _save(store, first)
    with store.read() as transaction:
        assert transaction.directory.grant(BOB.id, user().id) == first
        assert transaction.directory.grant(user().id, BOB.id) is None
    _save(store, _grant(BOB.id, user().id))
    with store.write() as transaction:
        assert transaction.directory.grant(BOB.id, user().id) == _grant(BOB.id, user().id)
        transaction.directory.remove_grant(BOB.id, user().id)
        assert transaction.directory.grant(BOB.id, user().id) is None


def test_permissions_are_listed_by_mailbox_by_grantee_and_in_pages(store: DatabaseStore) -> None:
    made = {
        _grant(resource().id, group("outer").id),
        _grant(user().id, BOB.id),
        _grant(BOB.id, group("inner").id),
        _grant(BOB.id, user().id),
    }
    _save(store, *made)
    with store.read() as transaction:
        listed = transaction.directory.grants(ACME.id)
        assert set(listed) == made
        after = (listed[1].mailbox, listed[1].grantee)
        assert transaction.directory.grants(ACME.id, after=after) == listed[2:]
        assert transaction.directory.grants(ACME.id, limit=1) == listed[:1]
        assert len(transaction.directory.grants(ACME.id, mailbox=BOB.id)) == 2
        assert transaction.directory.grants(ACME.id, grantee=BOB.id) == [_grant(user().id, BOB.id)]
        assert transaction.directory.grants(GLOBEX.id) == []


def test_full_access_opens_a_mailbox_directly_and_through_nested_groups(store: DatabaseStore) -> None:
    _save(store, _grant(BOB.id, user().id), _grant(resource().id, group("outer").id))
    assert _open(store, user()) == [
        OpenMailbox("bob@acme.example", "Bob", resource=False),
        OpenMailbox("room1@acme.example", "Room1", resource=True),
    ]
    assert _open(store, BOB) == []


def test_a_mailbox_that_is_opened_twice_appears_once(store: DatabaseStore) -> None:
    _save(store, *(_grant(BOB.id, who) for who in (user().id, group("inner").id, group("outer").id)))
    assert len(_open(store, user())) == 1


def test_the_right_to_send_opens_nothing(store: DatabaseStore) -> None:
    _save(store, _grant(BOB.id, user().id, frozenset({Right.SEND_AS, Right.SEND_ON_BEHALF})))
    assert _open(store, user()) == []


def test_ones_own_mailbox_is_not_an_additional_one(store: DatabaseStore) -> None:
    _save(store, _grant(user().id, group("inner").id))
    assert _open(store, user()) == []


def test_nothing_disabled_opens_or_is_opened(store: DatabaseStore) -> None:
    _save(store, _grant(BOB.id, group("outer").id), _grant(resource().id, user().id))
    with store.write() as transaction:
        transaction.directory.save_group(replace(group("inner"), state=EntityState.DISABLED))
        transaction.directory.save_resource(replace(resource(), state=EntityState.DISABLED))
    assert _open(store, user()) == []
    with store.write() as transaction:
        transaction.directory.save_group(group("inner"))
    assert [mailbox.address for mailbox in _open(store, user())] == ["bob@acme.example"]
    with store.write() as transaction:
        transaction.directory.save_user(replace(BOB, state=UserState.DISABLED))
    assert _open(store, user()) == []


def test_a_permission_goes_with_either_side(store: DatabaseStore) -> None:
    _save(store, _grant(BOB.id, group("outer").id), _grant(resource().id, user().id))
    with store.write() as transaction:
        transaction.directory.remove_group(group("outer").id)
        transaction.directory.remove_resource(resource().id)
    with store.read() as transaction:
        assert transaction.directory.grants(ACME.id) == []

"""Rows of saved views on every database: each account has its own, and they go with it."""

from dataclasses import replace

import pytest

from gateway.errors import LostRace
from gateway.records.administrators import SavedView
from gateway.store import DatabaseStore
from tests.gateway.store.test_administrators import account
from tests.support.hostile_texts import HOSTILE
from tests.support.stores import NOON

OLD = SavedView("v-1", "a-ann", "Old iPhones", {"os": "iOS 15", "sort": "-last_seen"}, NOON)
WAITING = SavedView("v-2", "a-ann", "Waiting", {"held": "yes"}, NOON)
HIS = SavedView("v-3", "a-bob", "Waiting", {}, NOON)


@pytest.fixture(autouse=True)
def _views(store: DatabaseStore) -> None:
    with store.write() as transaction:
        for name in ("ann", "bob"):
            transaction.administrators.add(account(name))
        for each in (WAITING, OLD, HIS):
            transaction.saved_views.add(each)


def test_a_view_comes_back_as_it_was_by_name(store: DatabaseStore) -> None:
    with store.read() as transaction:
        assert transaction.saved_views.of("a-ann") == [OLD, WAITING]
        assert transaction.saved_views.of("") == []


def test_only_ones_own_is_changed_and_removed(store: DatabaseStore) -> None:
    with store.write() as transaction:
        transaction.saved_views.save(replace(OLD, administrator="a-bob", name="taken over"))
        assert not transaction.saved_views.remove("a-bob", "v-1")
        transaction.saved_views.save(replace(OLD, question={}))
        assert transaction.saved_views.remove("a-ann", "v-2")
        assert transaction.saved_views.of("a-ann") == [replace(OLD, question={})]
        assert transaction.saved_views.of("a-bob") == [HIS]


def test_a_name_stands_once_in_an_account(store: DatabaseStore) -> None:
    with pytest.raises(LostRace), store.write() as transaction:
        transaction.saved_views.add(replace(OLD, id="v-4"))


def test_views_go_with_their_account(store: DatabaseStore) -> None:
    with store.write() as transaction:
        transaction.administrators.remove("a-ann")
        assert transaction.saved_views.of("a-ann") == []
        assert transaction.saved_views.of("a-bob") == [HIS]


def test_whatever_can_be_written_is_kept_as_it_is(store: DatabaseStore) -> None:
    storable = [text for text in HOSTILE if "\0" not in text]
    with store.write() as transaction:
        transaction.saved_views.save(replace(HIS, question=dict(enumerate_texts(storable))))
        (kept,) = transaction.saved_views.of("a-bob")
    assert list(kept.question.values()) == storable


def enumerate_texts(texts: list[str]) -> list[tuple[str, str]]:
    return [(f"{number:02}", text) for number, text in enumerate(texts)]

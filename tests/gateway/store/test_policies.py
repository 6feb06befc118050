"""Rows of policy versions, on every database."""

from dataclasses import replace

import pytest

from gateway.errors import LostRace
from gateway.records import PolicyVersion
from gateway.store import DatabaseStore
from tests.support.stores import ACME, NOON

FIRST = PolicyVersion(
    ACME.id, "default", 1, {"settings": {"A": 1, "B": None}, "refresh_hours": 0}, NOON, "root"
)
SECOND = replace(FIRST, version=2, document={"settings": {}})

pytestmark = pytest.mark.usefixtures("acme")


def test_the_current_version_is_the_newest(store: DatabaseStore) -> None:
    with store.write() as transaction:
        assert transaction.policies.current(ACME.id) is None
        transaction.policies.add(FIRST)
        transaction.policies.add(SECOND)
    with store.read() as transaction:
        assert transaction.policies.current(ACME.id) == SECOND
        assert transaction.policies.versions(ACME.id) == [FIRST, SECOND]
        assert transaction.policies.versions(ACME.id, "other") == []


def test_a_version_is_written_once(store: DatabaseStore) -> None:
    with store.write() as transaction:
        transaction.policies.add(FIRST)
    with pytest.raises(LostRace), store.write() as transaction:
        transaction.policies.add(replace(FIRST, document={}))


def test_named_policies_stand_beside_each_other(store: DatabaseStore) -> None:
    strict = replace(FIRST, name="strict")
    with store.write() as transaction:
        for version in (FIRST, SECOND, strict):
            transaction.policies.add(version)
        assert transaction.policies.all_current(ACME.id) == [SECOND, strict]
        assert transaction.policies.version(ACME.id, "default", 1) == FIRST
        assert transaction.policies.version(ACME.id, "strict", 2) is None
        transaction.policies.remove(ACME.id, "default")
        assert transaction.policies.all_current(ACME.id) == [strict]

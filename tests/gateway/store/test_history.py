"""Rows behind the charts on every database: who adds to what, and who sees what (T25)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.errors import GatewayError, Kind
from gateway.records.authority import Reach
from gateway.records.history import FIVE_MINUTES, HOUR, Traffic
from gateway.store import DatabaseStore
from mdm.device import WipeKind
from tests.support.stores import NOON
from tests.support.world import ADMIN, World

NOW = Traffic(NOON, FIVE_MINUTES, "one", 7, 100, 3, 20, 1)
HERE = replace(NOW, parked=5, activesync=1)
THERE = replace(NOW, machine="two")


def test_a_second_look_at_a_span_adds_and_another_machine_stands_beside(store: DatabaseStore) -> None:
    with store.write() as transaction:
        for each in (NOW, THERE, HERE):
            transaction.history.add(each)
        both = replace(NOW, activesync=101, activesync_errors=6, autodiscover=40, autodiscover_errors=2)
        assert transaction.history.since(NOON, HOUR) == [both, THERE]
        assert transaction.history.since(NOON, FIVE_MINUTES - 1) == []
        assert transaction.history.since(NOON + timedelta(seconds=1), HOUR) == []


def test_what_is_taken_is_gone(store: DatabaseStore) -> None:
    later = NOON + timedelta(minutes=5)
    with store.write() as transaction:
        transaction.history.add(NOW)
        transaction.history.add(replace(NOW, at=later))
        transaction.history.add(replace(NOW, span_s=HOUR))
        assert transaction.history.take(FIVE_MINUTES, later) == [NOW]
        assert transaction.history.take(FIVE_MINUTES, later) == []
        assert len(transaction.history.since(NOON, HOUR)) == 2
        assert transaction.history.prune(later) == 1


def test_devices_are_counted_by_organisation_state_and_day(store: DatabaseStore) -> None:
    world = World(store)
    home = world.organisation()
    ann = world.user()
    world.provisioned_phone(ann)
    world.devices.require_wipe(ADMIN, world.provisioned_phone(ann, "PHONE2").key, WipeKind.ACCOUNT, "lost")
    tomorrow = NOON + timedelta(days=1)
    with store.write() as transaction:
        for day in (NOON, NOON, tomorrow):
            transaction.history.count(day)
        first, second = transaction.history.days(home.id, NOON)
        assert (first.day, first.states) == (NOON, {"Provisioning Succeeded": 1, "Wipe Required": 1})
        assert transaction.history.days(home.id, tomorrow) == [second]
        assert transaction.history.prune(tomorrow) == 1


def test_nobody_with_a_part_of_the_gateway_sees_what_is_not_theirs(store: DatabaseStore) -> None:
    world = World(store)
    home = world.organisation()
    world.provisioned_phone(world.user())
    with store.write() as transaction:
        transaction.history.add(NOW)
        transaction.history.count(NOON)
    theirs = store.within(Reach(organisations=frozenset({home.id})))
    part = store.within(Reach(domains=frozenset({"acme.example"}), partly=frozenset({home.id})))
    with theirs.read() as transaction:
        assert len(transaction.history.days(home.id, NOON)) == 1
        assert transaction.history.since(NOON, HOUR) == []
    with part.read() as transaction:
        assert transaction.history.days(home.id, NOON) == []
    with pytest.raises(GatewayError) as error, theirs.write() as transaction:
        transaction.history.add(THERE)
    assert error.value.kind is Kind.FORBIDDEN

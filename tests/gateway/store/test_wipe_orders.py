"""Rows of wipe orders and what budgets count of them, on every database."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.records.authority import Reach
from gateway.store import DatabaseStore
from mdm.device import DeviceKey, WipeKind
from mdm.orders import OPEN, Progress, WipeOrder
from tests.support.stores import ACME, GLOBEX, NOON, user

ANN = user()
KEY = DeviceKey(ACME.id, ANN.id, "PHONE1")
FIRST = WipeOrder("w-1", KEY, WipeKind.DEVICE, NOON, "Root", "lost", expires_at=NOON + timedelta(days=1))

pytestmark = pytest.mark.usefixtures("acme_and_globex")


def test_an_order_is_read_as_it_was_written(store: DatabaseStore) -> None:
    later = NOON + timedelta(minutes=1)
    full = replace(
        FIRST,
        progress=Progress.FAILED,
        approved_at=later,
        approved_by="eve",
        ordered_at=later,
        delivered_at=later,
        acknowledged_at=later,
        failures=2,
        failed_status=2,
        ended_at=later,
        ended_by="root",
        ended_why="found",
        job="j-1",
    )
    with store.write() as transaction:
        transaction.wipe_orders.add(FIRST)
        assert transaction.wipe_orders.get("w-1") == FIRST
        transaction.wipe_orders.save(full)
    with store.read() as transaction:
        assert transaction.wipe_orders.get("w-1") == full
        assert transaction.wipe_orders.get("w-2") is None


def test_lists_filter_and_go_on(store: DatabaseStore) -> None:
    orders = [
        replace(FIRST, id=f"w-{number}", key=replace(KEY, device_id=f"P{number}")) for number in range(4)
    ]
    orders[3] = replace(
        orders[3], progress=Progress.QUEUED, requested_at=NOON + timedelta(hours=1), job="j-1"
    )
    with store.write() as transaction:
        for order in orders:
            transaction.wipe_orders.add(order)
    with store.read() as transaction:
        rows = transaction.wipe_orders
        assert [each.id for each in rows.list(ACME.id)] == ["w-3", "w-2", "w-1", "w-0"]
        assert rows.list(GLOBEX.id) == []
        assert [each.id for each in rows.list(ACME.id, before=(NOON, "w-2"))] == ["w-1", "w-0"]
        assert [each.id for each in rows.list(ACME.id, progress=OPEN)] == ["w-3"]
        assert [each.id for each in rows.list(ACME.id, job="j-1")] == ["w-3"]
        assert rows.of(orders[1].key, {Progress.AWAITING}) == orders[1]
        assert rows.of(orders[1].key, OPEN) is None


def test_what_budgets_count(store: DatabaseStore) -> None:
    def add(number: int, device: str, **values: object) -> None:
        order = replace(FIRST, id=f"w-{number}", key=replace(KEY, device_id=device), **values)  # type: ignore[arg-type]
        transaction.wipe_orders.add(order)

    with store.write() as transaction:
        add(1, "A")
        add(2, "A", progress=Progress.CANCELLED)
        add(3, "B", requested_by="other", requested_person="p-1")
        add(4, "C", requested_at=NOON - timedelta(hours=2))
        for number in (5, 6, 7):
            add(number, f"D{number}", kind=WipeKind.ACCOUNT, job="j-1")
        add(8, "E", requested_at=NOON + timedelta(days=400))
    hour = NOON - timedelta(hours=1)
    with store.read() as transaction:
        rows = transaction.wipe_orders
        named = rows.count_by(ACME.id, {"root"}, (), hour)
        assert named == 4, "two orders, one off-boarding, one of a fast clock"
        assert rows.count_by(ACME.id, {"nobody"}, {"p-1"}, hour) == 1
        assert rows.count_by(ACME.id, {"root"}, {"p-1"}, hour) == 5
        assert rows.count_devices(ACME.id, hour) == 4
        assert rows.count_devices(GLOBEX.id, hour) == 0
    elsewhere = store.within(Reach(organisations=frozenset({GLOBEX.id})))
    with elsewhere.write() as transaction:
        transaction.wipe_orders.bequeath({"p-1", "p-2"}, "p-9", hour)
    with store.read() as transaction:
        assert transaction.wipe_orders.count_by(ACME.id, {"nobody"}, {"p-9"}, hour) == 1
        assert transaction.wipe_orders.count_by(ACME.id, {"nobody"}, {"p-1"}, hour) == 0


def test_orders_go_with_their_organisation_and_not_with_their_user(store: DatabaseStore) -> None:
    with store.write() as transaction:
        transaction.directory.add_user(ANN)
        transaction.wipe_orders.add(FIRST)
        transaction.directory.remove_user(ANN.id)
        assert transaction.wipe_orders.get("w-1") == FIRST
        transaction.directory.remove_organisation(ACME.id)
        assert transaction.wipe_orders.get("w-1") is None

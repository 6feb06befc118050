"""Rows of the protocol log on every database."""

from datetime import timedelta

from gateway.records.protocol import Exchange, Traced
from gateway.store import DatabaseStore
from mdm.device import DeviceKey
from tests.support.stores import ACME, NOON
from tests.support.world import World


def keys(store: DatabaseStore) -> tuple[DeviceKey, DeviceKey]:
    home = World(store).organisation().id
    assert home != ACME.id
    return DeviceKey(home, "u-1", "PHONE1"), DeviceKey(home, "u-1", "PHONE2")


def test_on_again_and_off(store: DatabaseStore) -> None:
    first, second = keys(store)
    traced = Traced(first, NOON, NOON + timedelta(minutes=30), "cli:root")
    with store.write() as transaction:
        transaction.protocol_log.switch_on(traced)
        transaction.protocol_log.switch_on(Traced(second, NOON, NOON, "cli:root"))
        transaction.protocol_log.switch_on(traced)
    with store.read() as transaction:
        assert transaction.protocol_log.traced(first) == [traced]
        assert len(transaction.protocol_log.traced()) == 2
    with store.write() as transaction:
        assert transaction.protocol_log.switch_off(first)
        assert not transaction.protocol_log.switch_off(first)
        assert [one.key for one in transaction.protocol_log.traced()] == [second]


def test_what_was_exchanged_is_read_page_by_page(store: DatabaseStore) -> None:
    first, second = keys(store)
    mine = [
        Exchange(first, NOON + timedelta(seconds=n), {"command": f"Sync{n}", "x": ["ü", None]})
        for n in range(5)
    ]
    with store.write() as transaction:
        transaction.protocol_log.append([*mine, Exchange(second, NOON, {})])
        transaction.protocol_log.append([])
    with store.read() as transaction:
        page = transaction.protocol_log.read(first, limit=3)
        rest = transaction.protocol_log.read(first, page[-1].sequence)
    assert [dict(one.document) for one in (*page, *rest)] == [dict(one.document) for one in mine]
    assert [one.at for one in page] == [one.at for one in mine[:3]]


def test_old_ones_and_too_many_go(store: DatabaseStore) -> None:
    first, second = keys(store)
    with store.write() as transaction:
        transaction.protocol_log.append([Exchange(first, NOON - timedelta(days=2), {"n": "old"})])
        transaction.protocol_log.append([Exchange(first, NOON, {"n": n}) for n in range(6)])
        transaction.protocol_log.append([Exchange(second, NOON, {"n": n}) for n in range(4)])
        assert transaction.protocol_log.prune(NOON - timedelta(days=1), 4) == 3
        assert [one.document["n"] for one in transaction.protocol_log.read(first)] == [2, 3, 4, 5]
        assert len(transaction.protocol_log.read(second)) == 4
        assert transaction.protocol_log.prune(NOON - timedelta(days=1), 4) == 0


def test_it_goes_with_its_organisation(store: DatabaseStore) -> None:
    first, _ = keys(store)
    with store.write() as transaction:
        transaction.protocol_log.append([Exchange(first, NOON, {})])
        transaction.protocol_log.switch_on(Traced(first, NOON, NOON, "x"))
        transaction.directory.remove_organisation(first.organisation)
    with store.read() as transaction:
        assert transaction.protocol_log.read(first) == []
        assert transaction.protocol_log.traced() == []

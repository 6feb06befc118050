"""Rows of webhooks and deliveries, on every database."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.records import Actor, AuditRecord, AuditTag
from gateway.records.authority import Reach
from gateway.records.events import Delivery, Progress, Webhook
from gateway.store import DatabaseStore
from tests.support.stores import ACME, GLOBEX, NOON

MINE = Webhook(
    "w-1",
    ACME.id,
    "https://a.example/",
    "ours",
    (AuditTag.WIPE_CONFIRMED,),
    True,
    False,
    3,
    NOON,
    secret=b"sealed",
)
GATEWAYS = Webhook("w-2", "", "https://b.example/", "", (), False, True, 0, NOON, secret=b"s", former=b"f")


@pytest.fixture(autouse=True)
def organisations(store: DatabaseStore) -> None:
    with store.write() as transaction:
        for each in (ACME, GLOBEX):
            transaction.directory.add_organisation(each)
        for webhook in (MINE, GATEWAYS):
            transaction.webhooks.add(webhook)


def on_its_way(event: int, lane: str = "one", webhook: str = MINE.id) -> Delivery:
    return Delivery(webhook, event, AuditTag.WIPE_CONFIRMED, lane, NOON, NOON)


def add(store: DatabaseStore, *found: Delivery) -> None:
    with store.write() as transaction:
        transaction.deliveries.add_all(found)


def due(store: DatabaseStore, **later: float) -> list[int]:
    with store.read() as transaction:
        found = transaction.deliveries.due(MINE.id, NOON + timedelta(**later), 10)
    return [each.event for each in found]


def change(store: DatabaseStore, event: int, **values: object) -> None:
    with store.write() as transaction:
        found = transaction.deliveries.get(MINE.id, event)
        assert found is not None
        transaction.deliveries.save(replace(found, **values))  # type: ignore[arg-type]


def test_what_is_written_is_read(store: DatabaseStore) -> None:
    changed = replace(MINE, enabled=False, stopped="gone", failing_since=NOON, former_until=NOON, cursor=9)
    with store.write() as transaction:
        transaction.webhooks.save(changed)
    with store.read() as transaction:
        assert transaction.webhooks.get(MINE.id) == changed
        assert transaction.webhooks.of("") == [GATEWAYS]
        assert transaction.webhooks.of(ACME.id) == [changed]
        assert transaction.webhooks.enabled() == []


def test_a_webhook_out_of_reach_is_not_there(store: DatabaseStore) -> None:
    for reach in (Reach(organisations=frozenset({GLOBEX.id})), Reach(domains=frozenset({"acme.example"}))):
        narrowed = store.within(reach)
        with narrowed.write() as transaction:
            assert transaction.webhooks.get(MINE.id) is None
            assert transaction.webhooks.of(ACME.id) == transaction.webhooks.of("") == []
            transaction.webhooks.save(replace(MINE, url="https://evil.example/"))
            transaction.webhooks.remove(MINE.id)
    with store.within(Reach(organisations=frozenset({ACME.id}))).read() as transaction:
        assert transaction.webhooks.get(MINE.id) == MINE
        assert transaction.webhooks.get(GATEWAYS.id) is None


def test_within_a_lane_one_waits_for_the_other(store: DatabaseStore) -> None:
    add(store, on_its_way(1), on_its_way(2), on_its_way(3, "two"), on_its_way(4, "two"))
    assert due(store) == [1, 3]
    change(store, 1, claimed_until=NOON + timedelta(seconds=30))
    assert due(store) == [3]
    assert due(store, seconds=30) == [1, 3]
    change(store, 1, state=Progress.DELIVERED)
    change(store, 3, next_at=NOON + timedelta(hours=1))
    assert due(store) == [2]
    assert due(store, hours=1) == [2, 3]
    change(store, 3, state=Progress.DEAD)
    assert due(store) == [2, 4]


def test_an_event_is_on_its_way_once(store: DatabaseStore) -> None:
    add(store, on_its_way(1))
    with pytest.raises(Exception):  # noqa: B017 - whatever the database calls it
        add(store, on_its_way(1))


def test_they_are_listed_from_the_youngest(store: DatabaseStore) -> None:
    add(store, *(on_its_way(event) for event in range(1, 6)))
    change(store, 4, state=Progress.DEAD, error="no", status=500, attempts=3)
    with store.write() as transaction:
        rows = transaction.deliveries
        assert [each.event for each in rows.list(MINE.id, limit=2)] == [5, 4]
        assert [each.event for each in rows.list(MINE.id, before=3)] == [2, 1]
        (dead,) = rows.list(MINE.id, states=[Progress.DEAD])
        assert (dead.event, dead.error, dead.status, dead.attempts) == (4, "no", 500, 3)
        assert rows.waiting() == [MINE.id]
        assert (rows.count(MINE.id, Progress.PENDING), rows.count(MINE.id, Progress.DEAD)) == (4, 1)
        assert rows.revive(MINE.id, NOON + timedelta(hours=1)) == 1
        again = rows.get(MINE.id, 4)
        assert again is not None
        assert (again.state, again.attempts, again.next_at) == (
            Progress.PENDING,
            0,
            NOON + timedelta(hours=1),
        )
        rows.forget(MINE.id, 3)
        assert [each.event for each in rows.list(MINE.id)] == [3, 2, 1]


def test_a_webhook_goes_with_all_that_is_on_its_way(store: DatabaseStore) -> None:
    add(store, on_its_way(1))
    with store.write() as transaction:
        transaction.webhooks.remove(MINE.id)
        assert transaction.deliveries.get(MINE.id, 1) is None


def test_an_organisation_takes_its_webhooks_along(store: DatabaseStore) -> None:
    with store.write() as transaction:
        transaction.directory.remove_organisation(ACME.id)
        assert transaction.webhooks.get(MINE.id) is None
        assert transaction.webhooks.get(GATEWAYS.id) == GATEWAYS


def test_what_waits_for_a_webhook_that_is_switched_off_waits(store: DatabaseStore) -> None:
    add(store, on_its_way(1, webhook=GATEWAYS.id))
    with store.read() as transaction:
        assert transaction.deliveries.waiting() == []


def test_what_ended_long_ago_is_forgotten(store: DatabaseStore) -> None:
    add(store, on_its_way(1), on_its_way(2), on_its_way(3))
    for event in (1, 2):
        change(store, event, state=Progress.DELIVERED, ended_at=NOON + timedelta(hours=event))
    with store.write() as transaction:
        assert transaction.deliveries.prune(Progress.DELIVERED, NOON + timedelta(hours=2)) == 1
        assert transaction.deliveries.prune(Progress.DEAD, NOON + timedelta(days=9)) == 0
        assert [each.event for each in transaction.deliveries.list(MINE.id)] == [3, 2]


def test_places_are_kept(store: DatabaseStore) -> None:
    record = AuditRecord(AuditTag.CERTIFICATE_EXPIRING, NOON, Actor("system", "x"), "", "cert.pem")
    with store.write() as transaction:
        assert transaction.places.present() == 0
        for _ in range(2):
            transaction.audit.append(record)
        assert transaction.places.present() == 2
        assert transaction.places.last_told(AuditTag.CERTIFICATE_EXPIRING, "cert.pem") == 2
        assert transaction.places.last_told(AuditTag.CERTIFICATE_EXPIRING, "other.pem") == 0
        assert transaction.places.get("mail") is None
        for cursor in (5, 7):
            transaction.places.put("mail", cursor)
        assert transaction.places.get("mail") == 7

"""Deliveries and letters on every database, with nodes that work at the same moment (product 7.9)."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from certs.sealing import Sealer
from gateway.records import Actor, AuditRecord, AuditTag
from gateway.records.events import NoticeKind, Progress, Sent, Subscription
from gateway.services.deliveries import Deliveries, Outcome
from gateway.services.letters import Letters
from gateway.services.webhooks import WebhookChanges, Webhooks
from gateway.store import DatabaseStore, open_store
from tests.support.stores import ACME, Clock, Keys

ADMIN = Actor("admin", "root")
NODES, EVENTS, DEVICES = 3, 45, 15
TAG = AuditTag.WIPE_CONFIRMED


def happen(store: DatabaseStore) -> None:
    with store.write() as transaction:
        for number in range(EVENTS):
            target = f"u-1/P{number % DEVICES}"
            transaction.audit.append(AuditRecord(TAG, Clock().now(), ADMIN, ACME.id, target))


def test_nodes_that_work_at_once_send_each_event_once_and_in_order(
    store: DatabaseStore, store_url: str
) -> None:
    with store.write() as transaction:
        transaction.directory.add_organisation(ACME)
    webhooks = Webhooks(store, Clock(), Keys(), lambda: Sealer(b"s" * 32))
    hook = webhooks.create(ADMIN, ACME.id, WebhookChanges("https://hooks.example.org/", types=(TAG,))).webhook
    happen(store)
    sent: list[tuple[str, int]] = []

    def node(_number: int) -> None:
        own = open_store(store_url)
        try:
            deliveries = Deliveries(own, Clock(), webhooks.secrets, lambda: 0.5)
            for _ in range(200):
                deliveries.advance()
                errands = deliveries.claim({})
                sent.extend((errand.delivery.lane, errand.delivery.event) for errand in errands)
                deliveries.finish([Outcome(errand.delivery, 204, "") for errand in errands])
                if not errands and not deliveries.waiting():
                    return
        finally:
            own.close()

    with ThreadPoolExecutor(NODES) as pool:
        list(pool.map(node, range(NODES)))
    assert set(Counter(event for _, event in sent).values()) == {1}
    assert len(sent) == EVENTS
    for lane in {lane for lane, _ in sent}:
        of_lane = [event for each, event in sent if each == lane]
        assert of_lane == sorted(of_lane)
    states = {each.state for each in webhooks.deliveries(ACME.id, hook.id)}
    assert states == {Progress.DELIVERED}


def test_nodes_that_work_at_once_write_each_letter_once(store: DatabaseStore, store_url: str) -> None:
    with store.write() as transaction:
        transaction.directory.add_organisation(ACME)
        transaction.subscriptions.put(Subscription(ACME.id, "desk@acme.example", (NoticeKind.WIPE,)))
    Letters(store, Clock(), lambda: 0.5, per_hour=1000).advance()
    happen(store)
    sent: list[int] = []

    def node(_number: int) -> None:
        own = open_store(store_url)
        try:
            letters = Letters(own, Clock(), lambda: 0.5, per_hour=1000)
            for _ in range(20):
                letters.advance()
                messages = letters.claim()
                sent.extend(each.letter.event for each in messages)
                letters.finish([Sent(each.letter) for each in messages])
        finally:
            own.close()

    with ThreadPoolExecutor(NODES) as pool:
        list(pool.map(node, range(NODES)))
    assert set(Counter(sent).values()) == {1}
    assert len(sent) == EVENTS

"""Events reach real receivers over real sockets, whatever these do (product 7.9; T27)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from certs.sealing import Sealer
from gateway.chance import SystemClock
from gateway.event_delivery import EventDelivery
from gateway.proxy.outgoing import Outgoing
from gateway.records import Actor, AuditRecord, AuditTag
from gateway.records.events import Delivery, Progress, Webhook
from gateway.services import deliveries as deliveries_module
from gateway.services import retrying
from gateway.services.deliveries import Deliveries
from gateway.services.webhooks import WebhookChanges, Webhooks
from gateway.store import FeedGap, migrate, open_store
from gateway.worker import Bell
from tests.support import ports
from tests.support.gateway import until
from tests.support.receivers import Receiver, receiver, says_nothing, slowly, status
from tests.support.stores import ACME, Keys

ADMIN = Actor("admin", "root")
TAG = AuditTag.WIPE_CONFIRMED


class Sender:
    """The administration's process, as far as webhooks go."""

    def __init__(self, folder: Path) -> None:
        url = f"sqlite:///{folder / 'usher.db'}"
        migrate(url)
        self.store = open_store(url)
        self.clock = SystemClock()
        self.webhooks = Webhooks(self.store, self.clock, Keys(), lambda: Sealer(b"s" * 32))
        self.outgoing = Outgoing()
        with self.store.write() as transaction:
            transaction.directory.add_organisation(ACME)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[EventDelivery]:
        bell = Bell(self.store.feed, FeedGap)
        deliveries = Deliveries(self.store, self.clock, self.webhooks.secrets, lambda: 0.5)
        delivery = EventDelivery(deliveries, self.outgoing.post, bell.listen, look_s=0.05)
        bell.start()
        delivery.start()
        try:
            yield delivery
        finally:
            await delivery.close()
            bell.stop()

    def hook(self, url: str) -> Webhook:
        changes = WebhookChanges(url, types=(TAG,), allow_private=True)
        return self.webhooks.create(ADMIN, ACME.id, changes, everywhere=True).webhook

    def happen(self, *targets: str) -> None:
        with self.store.write() as transaction:
            for target in targets:
                transaction.audit.append(AuditRecord(TAG, self.clock.now(), ADMIN, ACME.id, target))

    def sent(self, webhook: Webhook) -> list[Delivery]:
        return list(reversed(self.webhooks.deliveries(ACME.id, webhook.id)))

    def states(self, webhook: Webhook) -> set[Progress]:
        return {each.state for each in self.sent(webhook)}


@pytest.fixture
async def sender(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Sender]:
    monkeypatch.setattr(retrying, "PAUSES_S", (0.1, 0.2))
    sender = Sender(tmp_path)
    yield sender
    sender.store.close()


def told(there: Receiver) -> list[str]:
    return [event["target"] for event in there.events]


async def test_what_is_committed_arrives(sender: Sender) -> None:
    async with receiver() as there, sender.running():
        hook = sender.hook(there.url)
        sender.happen("u-1/A", "u-1/A", "u-1/B")
        await until(lambda: sender.states(hook) == {Progress.DELIVERED} and len(there.received) == 3)
        assert sorted(told(there)) == ["u-1/A", "u-1/A", "u-1/B"]
        assert there.received[0].headers["webhook-id"] == there.events[0]["id"]


async def test_what_happened_while_nobody_ran_arrives_too(sender: Sender) -> None:
    async with receiver() as there:
        sender.hook(there.url)
        sender.happen("u-1/A")
        async with sender.running():
            await until(lambda: len(there.received) == 1)


async def test_a_receiver_that_is_down_gets_everything_in_order_when_it_is_back(sender: Sender) -> None:
    (port,) = ports.free(1)
    hook = sender.hook(f"http://localhost:{port}/hook")
    async with sender.running():
        sender.happen("u-1/A", "u-1/B", "u-1/A")
        await until(lambda: any(each.attempts > 1 for each in sender.sent(hook)))
        assert all(each.error for each in sender.sent(hook) if each.attempts)
        async with receiver(port=port) as there:
            await until(lambda: sender.states(hook) == {Progress.DELIVERED})
            sequences = [event["sequence"] for event in there.events if event["target"] == "u-1/A"]
            assert sequences == sorted(sequences)
            assert len(sequences) == 2


async def test_one_that_always_fails_holds_up_no_other(sender: Sender) -> None:
    async with receiver(status("500 No")) as bad, receiver(says_nothing) as silent, receiver() as good:
        for there in (bad, silent, good):
            sender.hook(there.url)
        async with sender.running():
            sender.happen(*(f"u-1/P{number}" for number in range(20)))
            await until(lambda: len(good.received) == 20)
            assert silent.received
            assert len(silent.received) <= deliveries_module.PARALLEL
            await until(lambda: len(bad.received) > 20)


async def test_a_slow_one_gets_its_share_at_once_and_everything_in_the_end(sender: Sender) -> None:
    async with receiver(slowly(0.2)) as there, sender.running():
        hook = sender.hook(there.url)
        sender.happen(*(f"u-1/P{number}" for number in range(12)))
        await until(lambda: len(there.received) == 12 and sender.states(hook) == {Progress.DELIVERED})


async def test_one_that_is_gone_is_switched_off(sender: Sender) -> None:
    async with receiver(status("410 Gone")) as there, sender.running():
        hook = sender.hook(there.url)
        sender.happen("u-1/A", "u-1/A")
        await until(lambda: not sender.webhooks.get(ACME.id, hook.id).enabled)
        await asyncio.sleep(0.3)
        assert len(there.received) == 1


async def test_a_stop_gives_back_what_is_in_hand_and_the_next_start_sends_it(sender: Sender) -> None:
    async with receiver(says_nothing) as there:
        hook = sender.hook(there.url)
        async with sender.running():
            sender.happen("u-1/A", "u-1/A")
            await until(lambda: len(there.received) == 1)
        (first, second) = sender.sent(hook)
        assert (first.claimed_until, first.attempts, second.attempts) == (None, 0, 0)
        there.behaviour = status("200 OK")
        async with sender.running():
            await until(lambda: sender.states(hook) == {Progress.DELIVERED})
        assert told(there) == ["u-1/A"] * 3
        assert len({each.headers["webhook-id"] for each in there.received}) == 2


async def test_a_process_that_died_leaves_it_to_the_next(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries_module, "LEASE", timedelta(seconds=0.5))
    async with receiver() as there:
        hook = sender.hook(there.url)
        sender.happen("u-1/A")
        dead = Deliveries(sender.store, sender.clock, sender.webhooks.secrets, lambda: 0.5)
        dead.advance()
        assert len(dead.claim({})) == 1
        async with sender.running():
            await until(lambda: sender.states(hook) == {Progress.DELIVERED})
        assert len(there.received) == 1


async def test_two_processes_send_each_event_once(sender: Sender) -> None:
    async with receiver(slowly(0.02)) as there, sender.running(), sender.running():
        hook = sender.hook(there.url)
        sender.happen(*(f"u-1/P{number}" for number in range(30)))
        await until(lambda: len(there.received) >= 30 and sender.states(hook) == {Progress.DELIVERED})
        assert len(there.received) == 30


async def test_an_outage_of_the_database_is_survived(
    sender: Sender, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_self: object) -> int:
        raise RuntimeError("what nobody thought of")

    async with receiver() as there:
        with monkeypatch.context() as patch:
            patch.setattr(Deliveries, "advance", broken)
            async with sender.running():
                sender.hook(there.url)
                sender.happen("u-1/A")
                await until(lambda: "webhooks wait" in caplog.text)
                patch.undo()
                await until(lambda: len(there.received) == 1)

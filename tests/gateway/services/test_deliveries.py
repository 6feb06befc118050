"""Bringing events to webhooks: at least once, in order within a lane, dead after a day (product 7.9)."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certs.sealing import Sealer
from gateway.records import Actor, AuditRecord, AuditTag
from gateway.records.events import Progress, Webhook
from gateway.services import deliveries as module
from gateway.services.deliveries import FAILING, LEASE, PARALLEL, Deliveries, Errand, Outcome
from gateway.services.retrying import LIFETIME
from gateway.services.webhooks import WebhookChanges, Webhooks
from gateway.store import DatabaseStore, migrate, open_store
from tests.support.stores import ACME, GLOBEX, Clock, Keys

ADMIN = Actor("admin", "root")
URL = "https://hooks.example.org/in"


class Post:
    """One gateway's deliveries, without the sending."""

    def __init__(self, store: DatabaseStore, clock: Clock) -> None:
        self.store, self.clock = store, clock
        self.webhooks = Webhooks(store, clock, Keys(), lambda: Sealer(b"s" * 32))
        self.deliveries = Deliveries(store, clock, self.webhooks.secrets, lambda: 0.5)

    def hook(self, organisation: str = ACME.id, *types: AuditTag) -> Webhook:
        return self.webhooks.create(ADMIN, organisation, WebhookChanges(URL, types=types)).webhook

    def happen(self, *targets: str, tag: AuditTag = AuditTag.WIPE_CONFIRMED, home: str = ACME.id) -> None:
        with self.store.write() as transaction:
            for target in targets:
                transaction.audit.append(AuditRecord(tag, self.clock.now(), ADMIN, home, target))

    def take(self, **busy: int) -> list[Errand]:
        self.deliveries.advance()
        return list(self.deliveries.claim(busy))

    def end(self, errand: Errand, status: int = 200, error: str = "") -> None:
        self.deliveries.finish([Outcome(errand.delivery, status, error)])

    def state(self, webhook: Webhook, event: int) -> Progress:
        with self.store.read() as transaction:
            found = transaction.deliveries.get(webhook.id, event)
        assert found is not None
        return found.state

    def again(self, webhook: Webhook) -> Webhook:
        return self.webhooks.get(webhook.organisation, webhook.id)


@pytest.fixture
def post(store: DatabaseStore) -> Post:
    with store.write() as transaction:
        for each in (ACME, GLOBEX):
            transaction.directory.add_organisation(each)
    return Post(store, Clock())


def events(errands: list[Errand]) -> list[int]:
    return [errand.delivery.event for errand in errands]


def targets(errands: list[Errand]) -> list[str]:
    import json

    return [json.loads(errand.body)["target"] for errand in errands]


def test_a_webhook_is_told_what_happens_from_now_on_in_its_organisation(post: Post) -> None:
    post.happen("u-1/BEFORE")
    mine, everything = post.hook(), post.hook("")
    post.happen("u-1/PHONE1")
    post.happen("u-2/PHONE2", home=GLOBEX.id)
    found = post.take()
    told = {
        hook.id: targets([each for each in found if each.delivery.webhook == hook.id])
        for hook in (mine, everything)
    }
    assert told[mine.id][-1:] == ["u-1/PHONE1"]
    assert told[everything.id][-2:] == ["u-1/PHONE1", "u-2/PHONE2"]
    assert "u-1/BEFORE" not in told[mine.id]


def test_only_the_types_that_are_asked_for(post: Post) -> None:
    post.hook(ACME.id, AuditTag.WIPE_FAILED)
    post.happen("u-1/A")
    post.happen("u-1/B", tag=AuditTag.WIPE_FAILED)
    assert targets(post.take()) == ["u-1/B"]


def test_what_is_sent_is_signed(post: Post) -> None:
    post.hook(ACME.id, AuditTag.WIPE_CONFIRMED)
    post.happen("u-1/A")
    (errand,) = post.take()
    assert errand.url == URL
    assert errand.headers["webhook-id"] == f"e-{errand.delivery.event}"
    assert errand.headers["webhook-signature"].startswith("v1,")
    assert "v1," not in repr(errand)


def test_what_was_claimed_is_not_claimed_again_before_its_lease_is_over(post: Post) -> None:
    hook = post.hook(ACME.id, AuditTag.WIPE_CONFIRMED)
    post.happen("u-1/A")
    assert len(post.take()) == 1
    assert post.take() == []
    post.clock.time += LEASE
    (late,) = post.take()
    post.end(late)
    assert post.state(hook, late.delivery.event) is Progress.DELIVERED
    assert not post.deliveries.waiting()


def test_a_late_outcome_of_a_lost_lease_changes_nothing(post: Post) -> None:
    hook = post.hook(ACME.id, AuditTag.WIPE_CONFIRMED)
    post.happen("u-1/A")
    (first,) = post.take()
    post.clock.time += LEASE
    (second,) = post.take()
    post.end(first, 500, "late")
    assert post.state(hook, first.delivery.event) is Progress.PENDING
    post.end(second)
    assert post.state(hook, first.delivery.event) is Progress.DELIVERED


def test_one_device_waits_for_itself_and_for_no_other(post: Post) -> None:
    post.hook(ACME.id, AuditTag.WIPE_CONFIRMED)
    post.happen("u-1/A", "u-1/B", "u-1/A", "u-1/B")
    first = post.take()
    assert targets(first) == ["u-1/A", "u-1/B"]
    post.end(first[0], 500, "no")
    post.end(first[1])
    assert targets(post.take()) == ["u-1/B"]
    post.clock.pass_by(seconds=4)
    assert targets(post.take()) == ["u-1/A"]


def test_after_a_day_it_is_dead_and_the_next_has_its_turn(post: Post) -> None:
    hook = post.hook(ACME.id, AuditTag.WIPE_CONFIRMED)
    post.happen("u-1/A", "u-1/A")
    (errand,) = post.take()
    post.clock.time += LIFETIME - timedelta(seconds=1)
    (errand,) = post.take()
    post.end(errand, 500, "it answers 500")
    assert post.take() == []
    post.clock.pass_by(seconds=1)
    (errand,) = post.take()
    post.end(errand, 500, "it answers 500")
    assert post.state(hook, errand.delivery.event) is Progress.DEAD
    (dead,) = post.webhooks.deliveries(ACME.id, hook.id, states=[Progress.DEAD])
    assert (dead.status, dead.error, dead.attempts) == (500, "it answers 500", 2)
    (following,) = post.take()
    assert following.delivery.event == errand.delivery.event + 1


def test_a_receiver_that_is_gone_is_not_asked_again(post: Post) -> None:
    hook = post.hook(ACME.id, AuditTag.WIPE_CONFIRMED)
    post.happen("u-1/A")
    (errand,) = post.take()
    post.end(errand, 410, "it answers 410")
    stopped = post.again(hook)
    assert not stopped.enabled
    assert "410" in stopped.stopped
    post.clock.pass_by(hours=1)
    assert post.take() == []
    with post.store.read() as transaction:
        (record,) = transaction.audit.query(tag=AuditTag.WEBHOOK_DISABLED)
    assert (record.target, record.organisation) == (hook.id, ACME.id)


def test_days_of_nothing_but_failures_switch_it_off_and_one_success_does_not(post: Post) -> None:
    hook = post.hook(ACME.id, AuditTag.WIPE_CONFIRMED)
    for day in range(FAILING.days + 4):
        post.happen(f"u-1/A{day}")
        for errand in post.take():
            good = day == 1 and errand.delivery.attempts == 0
            post.end(errand, 200 if good else 0, "" if good else "refused")
        if not post.again(hook).enabled:
            break
        post.clock.pass_by(days=1)
    else:
        pytest.fail("it is never switched off")
    assert day > FAILING.days
    assert "5 days" in post.again(hook).stopped


def test_switched_on_again_it_goes_on_where_it_was(post: Post) -> None:
    hook = post.hook(ACME.id, AuditTag.WIPE_CONFIRMED)
    post.webhooks.change(ADMIN, ACME.id, hook.id, WebhookChanges(enabled=False), everywhere=False)
    post.happen("u-1/A")
    assert post.take() == []
    on = post.webhooks.change(ADMIN, ACME.id, hook.id, WebhookChanges(enabled=True), everywhere=False)
    assert (on.stopped, on.failing_since) == ("", None)
    assert targets(post.take()) == ["u-1/A"]


def test_a_full_queue_leaves_the_rest_in_the_trail(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BACKLOG", 3)
    hook = post.hook(ACME.id, AuditTag.WIPE_CONFIRMED)
    post.happen(*(f"u-1/P{number}" for number in range(10)))
    done: list[str] = []
    while errands := post.take():
        assert len(errands) <= 3
        for errand in errands:
            post.end(errand)
        done += targets(errands)
    assert done == [f"u-1/P{number}" for number in range(10)]
    assert post.again(hook).cursor >= 10


def test_no_receiver_gets_more_than_its_share_at_once(post: Post) -> None:
    hook = post.hook(ACME.id, AuditTag.WIPE_CONFIRMED)
    post.happen(*(f"u-1/P{number}" for number in range(PARALLEL * 3)))
    assert len(post.take()) == PARALLEL
    assert post.take(**{hook.id: PARALLEL}) == []
    assert len(post.take(**{hook.id: PARALLEL - 2})) == 2


def test_a_test_is_sent_once_and_to_one(post: Post) -> None:
    hook, other = post.hook(), post.hook()
    for errand in post.take():
        post.end(errand)
    post.webhooks.test(ADMIN, ACME.id, hook.id)
    found = post.take()
    assert sorted(each.delivery.webhook for each in found) == sorted((hook.id, other.id))
    assert post.take() == []


def test_replayed_from_a_place_everything_comes_once_more(post: Post) -> None:
    hook = post.hook(ACME.id, AuditTag.WIPE_CONFIRMED)
    post.happen("u-1/A", "u-1/B")
    sent = post.take()
    for errand in sent:
        post.end(errand)
    post.webhooks.replay(ADMIN, ACME.id, hook.id, sent[0].delivery.event)
    assert targets(post.take()) == ["u-1/B"]
    post.webhooks.replay(ADMIN, ACME.id, hook.id, 0)
    assert targets(post.take()) == ["u-1/A", "u-1/B"]


def test_the_dead_are_revived_one_by_one_or_all(post: Post) -> None:
    hook = post.hook(ACME.id, AuditTag.WIPE_CONFIRMED)
    post.happen("u-1/A", "u-1/B", "u-1/C")
    post.take()
    post.clock.time += LIFETIME
    failed = post.take()
    for errand in failed:
        post.end(errand, 500, "no")
    assert post.take() == []
    assert post.webhooks.revive(ADMIN, ACME.id, hook.id, failed[1].delivery.event) == 1
    (one,) = post.take()
    assert targets([one]) == ["u-1/B"]
    post.end(one)
    assert post.webhooks.revive(ADMIN, ACME.id, hook.id) == 2
    assert targets(post.take()) == ["u-1/A", "u-1/C"]


def test_a_webhook_that_is_removed_meanwhile_is_no_fault(post: Post) -> None:
    hook = post.hook(ACME.id, AuditTag.WIPE_CONFIRMED)
    post.happen("u-1/A")
    (errand,) = post.take()
    post.webhooks.remove(ADMIN, ACME.id, hook.id)
    post.end(errand)
    assert post.take() == []


def test_what_was_given_back_is_taken_at_once(post: Post) -> None:
    post.hook(ACME.id, AuditTag.WIPE_CONFIRMED)
    post.happen("u-1/A")
    (errand,) = post.take()
    post.deliveries.release([errand.delivery])
    assert len(post.take()) == 1


def test_another_sealing_secret_is_a_failure_and_no_end_of_everything(post: Post) -> None:
    hook = post.hook(ACME.id, AuditTag.WIPE_CONFIRMED)
    other = Webhooks(post.store, post.clock, Keys(), lambda: Sealer(b"t" * 32))
    post.deliveries = Deliveries(post.store, post.clock, other.secrets, lambda: 0.5)
    post.happen("u-1/A")
    assert post.take() == []
    (failed,) = post.webhooks.deliveries(ACME.id, hook.id)
    assert (failed.state, failed.attempts) == (Progress.PENDING, 1)
    assert "sealed" in failed.error


def test_two_nodes_never_have_one_delivery_in_hand(post: Post) -> None:
    post.hook(ACME.id, AuditTag.WIPE_CONFIRMED)
    other = Post(post.store, post.clock)
    post.happen(*(f"u-1/P{number}" for number in range(12)))
    first, second = post.take(), other.take()
    assert not set(events(first)) & set(events(second))
    assert len(first) + len(second) == 12


def test_what_ended_long_ago_is_forgotten(post: Post) -> None:
    post.hook(ACME.id, AuditTag.WIPE_CONFIRMED)
    post.happen("u-1/A")
    (errand,) = post.take()
    post.end(errand)
    assert post.deliveries.prune() == 0
    post.clock.pass_by(days=4)
    assert post.deliveries.prune() == 1


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("happen"), st.sampled_from(("A", "B", "C"))),
        st.tuples(st.just("good"), st.integers(0, 7)),
        st.tuples(st.just("bad"), st.integers(0, 7)),
        st.tuples(st.just("lost"), st.integers(0, 7)),
        st.tuples(st.just("wait"), st.integers(1, 3000)),
    ),
    max_size=40,
)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[bytes]:
    path = tmp_path_factory.mktemp("deliveries") / "usher.db"
    migrate(f"sqlite:///{path}")
    yield path.read_bytes()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_nothing_is_lost_and_each_device_is_told_in_order(
    steps: list[tuple[str, object]], template: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder: Path = tmp_path_factory.mktemp("run")
    (folder / "usher.db").write_bytes(template)
    store = open_store(f"sqlite:///{folder / 'usher.db'}")
    try:
        with store.write() as transaction:
            transaction.directory.add_organisation(ACME)
        post = Post(store, Clock())
        post.hook(ACME.id, AuditTag.WIPE_CONFIRMED)
        _play(post, steps)
    finally:
        store.close()


def _play(post: Post, steps: list[tuple[str, object]]) -> None:
    in_hand: list[Errand] = []
    arrived: list[tuple[str, int]] = []
    happened: list[str] = []

    def send(errand: Errand, good: bool) -> None:
        if good:
            arrived.append((targets([errand])[0], errand.delivery.event))
        post.end(errand, 200 if good else 0, "" if good else "refused")

    for word, value in steps:
        in_hand += post.take()
        if word == "happen":
            post.happen(f"u-1/{value}")
            happened.append(f"u-1/{value}")
        elif word == "wait":
            assert isinstance(value, int)
            post.clock.pass_by(seconds=value)
        elif in_hand:
            assert isinstance(value, int)
            errand = in_hand.pop(value % len(in_hand))
            if word != "lost":  # the process died with it in hand
                send(errand, word == "good")
    for _ in range(200):
        post.clock.pass_by(minutes=20)
        for errand in post.take():
            send(errand, good=True)
        if not post.deliveries.waiting():
            break
    for target in set(happened):
        told = [event for each, event in arrived if each == target]
        first = list(dict.fromkeys(told))
        assert len(first) == happened.count(target)
        assert first == sorted(first)

"""Webhooks as administrators see them (product 7.9; T27, T28)."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from certs.sealing import Sealer
from gateway.errors import GatewayError, Kind
from gateway.records import Actor, AuditTag
from gateway.services.webhooks import LONGEST_OVERLAP, MOST, WebhookChanges, Webhooks
from gateway.store import DatabaseStore
from tests.support.stores import ACME, GLOBEX, NOON, Clock, Keys

ADMIN = Actor("admin", "root")
URL = "https://hooks.example.org/in"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def webhooks(store: DatabaseStore, clock: Clock) -> Webhooks:
    with store.write() as transaction:
        for each in (ACME, GLOBEX):
            transaction.directory.add_organisation(each)
    return Webhooks(store, clock, Keys(), lambda: Sealer(b"s" * 32))


def refused(call: Callable[[], object]) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        call()
    return caught.value


def test_a_secret_is_shown_once_and_kept_sealed(webhooks: Webhooks, store: DatabaseStore) -> None:
    made = webhooks.create(ADMIN, ACME.id, WebhookChanges(URL))
    assert made.secret.startswith("whsec_")
    assert webhooks.secrets(made.webhook, NOON) == [made.secret]
    assert made.secret not in repr(made)
    assert made.secret.encode() not in made.webhook.secret
    with store.read() as transaction:
        (record,) = transaction.audit.query(tag=AuditTag.WEBHOOK_CREATED)
    assert made.secret not in repr(record)
    assert record.after["url"] == URL


def test_after_a_rotation_both_sign_for_a_while(webhooks: Webhooks, clock: Clock) -> None:
    made = webhooks.create(ADMIN, ACME.id, WebhookChanges(URL))
    turned = webhooks.rotate(ADMIN, ACME.id, made.webhook.id, timedelta(hours=2))
    assert webhooks.secrets(turned.webhook, clock.now()) == [turned.secret, made.secret]
    clock.pass_by(hours=2)
    assert webhooks.secrets(turned.webhook, clock.now()) == [turned.secret]
    at_once = webhooks.rotate(ADMIN, ACME.id, made.webhook.id, timedelta())
    assert webhooks.secrets(at_once.webhook, clock.now()) == [at_once.secret]
    too_long = LONGEST_OVERLAP + timedelta(hours=1)
    error = refused(lambda: webhooks.rotate(ADMIN, ACME.id, made.webhook.id, too_long))
    assert error.kind is Kind.MALFORMED


def test_every_fault_is_told_at_once(webhooks: Webhooks) -> None:
    changes = WebhookChanges("http://localhost/", "x" * 999)
    error = refused(lambda: webhooks.create(ADMIN, ACME.id, changes))
    assert (error.kind, set(error.faults)) == (Kind.MALFORMED, {"url", "description"})


def test_a_private_receiver_takes_the_permission_for_all(webhooks: Webhooks) -> None:
    wanted = WebhookChanges("https://10.0.0.1/", allow_private=True)
    assert refused(lambda: webhooks.create(ADMIN, ACME.id, wanted)).kind is Kind.FORBIDDEN
    made = webhooks.create(ADMIN, ACME.id, wanted, everywhere=True).webhook
    assert made.allow_private
    for changes in (
        WebhookChanges("https://10.0.0.2/"),
        WebhookChanges(enabled=False),
        WebhookChanges(allow_private=False),
    ):
        attempt = changes
        error = refused(
            lambda: webhooks.change(ADMIN, ACME.id, made.id, attempt, everywhere=False)  # noqa: B023
        )
        assert error.kind is Kind.FORBIDDEN
    public = WebhookChanges(URL, allow_private=False)
    assert webhooks.change(ADMIN, ACME.id, made.id, public, everywhere=True).url == URL


def test_what_does_not_change_is_no_record(webhooks: Webhooks, store: DatabaseStore) -> None:
    made = webhooks.create(ADMIN, ACME.id, WebhookChanges(URL)).webhook
    webhooks.change(ADMIN, ACME.id, made.id, WebhookChanges(URL), everywhere=False)
    webhooks.change(ADMIN, ACME.id, made.id, WebhookChanges(description="ours"), everywhere=False)
    with store.read() as transaction:
        (record,) = transaction.audit.query(tag=AuditTag.WEBHOOK_CHANGED)
    assert (dict(record.before), dict(record.after)) == ({"description": ""}, {"description": "ours"})


def test_one_of_another_organisation_is_not_there(webhooks: Webhooks) -> None:
    made = webhooks.create(ADMIN, ACME.id, WebhookChanges(URL)).webhook
    for home in (GLOBEX.id, ""):
        for call in (
            lambda home=home: webhooks.get(home, made.id),
            lambda home=home: webhooks.remove(ADMIN, home, made.id),
            lambda home=home: webhooks.rotate(ADMIN, home, made.id),
            lambda home=home: webhooks.test(ADMIN, home, made.id),
            lambda home=home: webhooks.replay(ADMIN, home, made.id, 0),
            lambda home=home: webhooks.revive(ADMIN, home, made.id),
            lambda home=home: webhooks.deliveries(home, made.id),
        ):
            assert refused(call).kind is Kind.NOT_FOUND
    assert webhooks.get(ACME.id, made.id) == made


def test_there_is_an_end_to_them(webhooks: Webhooks) -> None:
    for _ in range(MOST):
        webhooks.create(ADMIN, ACME.id, WebhookChanges(URL))
    assert refused(lambda: webhooks.create(ADMIN, ACME.id, WebhookChanges(URL))).kind is Kind.CONFLICT
    assert len(webhooks.list(ACME.id)) == MOST


def test_what_is_yet_to_come_cannot_be_replayed(webhooks: Webhooks) -> None:
    made = webhooks.create(ADMIN, ACME.id, WebhookChanges(URL)).webhook
    assert refused(lambda: webhooks.replay(ADMIN, ACME.id, made.id, 10**9)).faults == {
        "after": "There is no such record yet."
    }
    assert refused(lambda: webhooks.revive(ADMIN, ACME.id, made.id, 10**9)).kind is Kind.NOT_FOUND


def test_one_that_is_switched_off_is_not_tested(webhooks: Webhooks) -> None:
    made = webhooks.create(ADMIN, ACME.id, WebhookChanges(URL, enabled=False)).webhook
    assert refused(lambda: webhooks.test(ADMIN, ACME.id, made.id)).kind is Kind.CONFLICT


def test_without_its_sealing_secret_nothing_is_made(store: DatabaseStore) -> None:
    def missing() -> Sealer:
        raise OSError

    webhooks = Webhooks(store, Clock(), Keys(), missing)
    assert refused(lambda: webhooks.create(ADMIN, "", WebhookChanges(URL))).kind is Kind.UNAVAILABLE

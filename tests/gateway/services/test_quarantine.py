"""The queue of waiting devices (product 6.5): approved one by one, by model, by user; rejected; run out."""

from dataclasses import replace
from typing import Any

import pytest

from gateway.errors import GatewayError, Kind
from gateway.records import AuditTag
from gateway.services.quarantine import Quarantine, require_plain_model
from gateway.services.recollection import Recollection
from gateway.services.tenants import Settings, found
from mdm.access import AccessDecision
from mdm.device import AccessLevel, Device, DeviceInformation, WipeKind
from mdm.rules import Mode
from tests.support.world import ADMIN, World

ALLOW, BLOCK, QUARANTINE = AccessLevel.ALLOW, AccessLevel.BLOCK, AccessLevel.QUARANTINE


@pytest.fixture
def queue(world: World) -> Quarantine:
    world.organisation(settings=Settings(default_access=QUARANTINE))
    world.user()
    world.user("bob@acme.example")
    return Quarantine(world.store, world.clock, world.rules)


def level(world: World, device: Device) -> AccessDecision:
    ((_, known),) = Recollection(world.store, world.devices).known_again([device.key])
    assert known is not None
    return known.access


def arrives(
    world: World, queue: Quarantine, name: str, model: str | None = None, user: str = "ann@acme.example"
) -> Device:
    phone = world.phone(world.users.get(user), name)
    if model is not None:
        phone = world.devices.learn_information(phone.key, DeviceInformation(model=model), ADMIN)
    return queue.notice(phone.key, level(world, phone), ADMIN)


def waiting(queue: Quarantine) -> list[str]:
    return [each.held.key.device_id for each in queue.everybody("acme")]


def test_the_queue_has_what_an_administrator_needs(world: World, queue: Quarantine) -> None:
    phone = arrives(world, queue, "PHONE1", "iPhone15,2")
    world.clock.pass_by(minutes=1)
    arrives(world, queue, "PHONE2", user="bob@acme.example")
    queue.counted([(phone.key, 4, world.clock.now())])
    first, second = queue.queue("acme")
    assert (first.held.requests, first.held.last_request) == (5, world.clock.now())
    assert (first.user.address, first.device.information.model) == ("ann@acme.example", "iPhone15,2")
    assert (first.held.reason, first.held.since) == ("the organisation's default", phone.held_since)
    assert first.family.label
    bob = world.users.get("bob@acme.example")
    assert queue.queue("acme", user=bob.id) == [second]
    assert queue.queue("acme", limit=1) == [first]
    after = (first.held.since, first.held.key.user, first.held.key.device_id)
    assert queue.queue("acme", after=after) == [second]


def test_noticing_the_same_again_changes_nothing(world: World, queue: Quarantine) -> None:
    phone = arrives(world, queue, "PHONE1")
    before = world.last_change()
    assert queue.notice(phone.key, level(world, phone), ADMIN) == phone
    assert world.last_change() == before
    gone = queue.notice(phone.key, AccessDecision(ALLOW, "rule x"), ADMIN)
    assert (gone.held_since, waiting(queue)) == (None, [])
    assert queue.notice(phone.key, AccessDecision(ALLOW, "rule x"), ADMIN) == gone


def test_one_device_is_approved_or_rejected(world: World, queue: Quarantine) -> None:
    good, bad = arrives(world, queue, "GOOD"), arrives(world, queue, "BAD")
    queue.approve(ADMIN, good.key, "mine")
    queue.reject(ADMIN, bad.key, "not ours")
    assert waiting(queue) == []
    assert (level(world, good).level, level(world, bad).level) == (ALLOW, BLOCK)
    tags = [record.tag for record in world.trail()][-2:]
    assert tags == [AuditTag.QUARANTINE_APPROVED, AuditTag.QUARANTINE_REJECTED]
    assert world.trail()[-1].after["access_reason"] == "not ours"
    with pytest.raises(GatewayError) as caught:
        queue.approve(ADMIN, replace(good.key, device_id="NEVER"))
    assert caught.value.kind is Kind.NOT_FOUND
    with pytest.raises(GatewayError) as caught:
        queue.approve(ADMIN, bad.key, until=world.clock.now())
    assert caught.value.faults.keys() == {"until"}


def test_a_model_is_approved_to_the_letter(world: World, queue: Quarantine) -> None:
    one, other = arrives(world, queue, "ONE", "iPhone1"), arrives(world, queue, "OTHER", "iPhone15,2")
    done = queue.approve_model(ADMIN, "acme", "iphone1 ", "tested")
    assert (done.released, done.waiting) == ((one.key,), ())
    assert waiting(queue) == ["OTHER"]
    assert level(world, one).rules == ("approved-iphone1",)
    assert level(world, other).level is QUARANTINE
    late = world.phone(world.users.get("bob@acme.example"), "LATE")
    late = world.devices.learn_information(late.key, DeviceInformation(model="iPhone1"), ADMIN)
    assert level(world, late).level is ALLOW


@pytest.mark.parametrize("model", ["*", "iPhone?", ">=0", "$NONE", "", "a\x00b", "x" * 255, "==1.2"])
def test_a_name_that_means_more_than_itself_is_not_made_a_rule(model: str) -> None:
    with pytest.raises(GatewayError) as caught:
        require_plain_model(model)
    assert caught.value.faults.keys() == {"model"}


def test_where_rules_know_prefixes_only_no_model_is_approved(world: World, queue: Quarantine) -> None:
    """A phone that calls itself ``i`` would let every iPhone in, and every iPad."""
    world.rules.set_mode(ADMIN, "acme", Mode.WORKMAIL, force=True)
    with pytest.raises(GatewayError) as caught:
        queue.approve_model(ADMIN, "acme", "i")
    assert caught.value.kind is Kind.CONFLICT
    assert world.rules.book("acme").rules == ()


def test_a_rule_that_outweighs_the_approval_is_told(world: World, queue: Quarantine) -> None:
    rule: dict[str, Any] = {
        "name": "watch it",
        "effect": "quarantine",
        "conditions": [{"criterion": "model", "is": ["iPhone"]}],
    }
    world.rules.create(ADMIN, "acme", rule)
    phone = arrives(world, queue, "PHONE1", "iPhone15,2")
    done = queue.approve_model(ADMIN, "acme", "iPhone15,2")
    assert (done.released, done.waiting) == ((), ((phone.key, "rule watch-it"),))
    assert waiting(queue) == ["PHONE1"]


def test_a_user_is_approved_for_now_or_for_ever(world: World, queue: Quarantine) -> None:
    first, other = arrives(world, queue, "A1"), arrives(world, queue, "B1", user="bob@acme.example")
    assert queue.approve_user(ADMIN, "acme", "ann@acme.example", "boss").released == (first.key,)
    assert waiting(queue) == ["B1"]
    arrives(world, queue, "A2")
    assert sorted(waiting(queue)) == ["A2", "B1"], "those to come wait again"
    done = queue.approve_user_by_rule(ADMIN, "acme", "bob@acme.example")
    assert (done.released, waiting(queue)) == ((other.key,), ["A2"])
    arrives(world, queue, "B2", user="bob@acme.example")
    assert waiting(queue) == ["A2"]
    world.organisation("globex")
    world.user("eve@globex.example")
    for call in (queue.approve_user, queue.approve_user_by_rule):
        with pytest.raises(GatewayError) as caught:
            call(ADMIN, "acme", "eve@globex.example")
        assert caught.value.kind is Kind.NOT_FOUND


def test_who_waits_too_long_is_blocked(world: World, queue: Quarantine) -> None:
    phone = arrives(world, queue, "PHONE1")
    world.clock.pass_by(days=40)
    assert queue.expire() == 0, "never, until somebody says so"
    with world.store.write() as transaction:
        home = found(transaction, "acme")
        strict = replace(home.safeguards, quarantine_days=30)
        transaction.directory.save_organisation(replace(home, safeguards=strict))
    assert queue.expire() == 1
    assert (waiting(queue), queue.expire()) == ([], 0)
    answer = level(world, phone)
    assert (answer.level, answer.reason) == (BLOCK, "nobody approved it within 30 days")
    assert (world.trail()[-1].tag, world.trail()[-1].actor.kind) == (AuditTag.QUARANTINE_EXPIRED, "system")


def test_after_a_change_of_rules_those_go_who_need_not_wait(world: World, queue: Quarantine) -> None:
    arrives(world, queue, "PHONE1")
    world.defaults.put(ADMIN, "acme", ALLOW)
    queue.expire()
    assert waiting(queue) == []


def test_a_device_that_is_being_wiped_and_one_that_is_buried(world: World, queue: Quarantine) -> None:
    phone = arrives(world, queue, "PHONE1")
    world.devices.require_wipe(ADMIN, phone.key, WipeKind.DEVICE, "lost")
    world.devices.remove(ADMIN, phone.key, force=True)
    assert waiting(queue) == []
    kept = queue.notice(phone.key, AccessDecision(ALLOW, ""), ADMIN)
    assert kept.wipe is not None

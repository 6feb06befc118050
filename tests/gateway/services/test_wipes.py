"""Orders of wipes through their safeguards (product 5.3, 5.5; T9)."""

from dataclasses import replace

import pytest

from gateway.errors import GatewayError, Kind
from gateway.records import Actor, AuditTag, Safeguards
from gateway.services.persons import ONESELF
from gateway.services.wipe_guards import AMBIGUOUS, NEVER_FULL, TYPE_NAME, Wanted
from gateway.services.wipes import APPROVAL_LIFETIME
from gateway.store import DatabaseStore
from mdm.ashttp import Version
from mdm.device import Device, DeviceInformation, DeviceState, WipeKind
from mdm.orders import Progress
from tests.support.wipes import ROOT, SECOND, WipeWorld

FULL = Wanted(WipeKind.DEVICE, "lost", "PHONE1")
ACCOUNT = Wanted(WipeKind.ACCOUNT)


@pytest.fixture
def world(store: DatabaseStore) -> WipeWorld:
    return WipeWorld(store)


@pytest.fixture
def phone(world: WipeWorld) -> Device:
    world.organisation()
    return world.provisioned_phone(world.user())


def refused(kind: Kind, call: object, *arguments: object, **named: object) -> str:
    with pytest.raises(GatewayError) as caught:
        call(*arguments, **named)  # type: ignore[operator]
    assert caught.value.kind is kind, caught.value
    return caught.value.public


def state(world: WipeWorld, phone: Device) -> DeviceState:
    found = world.devices.get(phone.key)
    assert found is not None
    return found.state


def test_an_account_wipe_is_due_at_once(world: WipeWorld, phone: Device) -> None:
    order = world.wipes.request(ROOT, phone.key, ACCOUNT)
    assert (order.progress, order.requested_by, order.kind) == (Progress.QUEUED, "root", WipeKind.ACCOUNT)
    assert state(world, phone) is DeviceState.WIPE_REQUIRED
    assert world.wipes.request(SECOND, phone.key, ACCOUNT) == order, "asking again changes nothing"
    assert world.trail()[-1].tag is AuditTag.WIPE_REQUIRED


@pytest.mark.parametrize(
    ("wanted", "fault"),
    [
        (Wanted(WipeKind.DEVICE, "", "PHONE1"), "reason"),
        (Wanted(WipeKind.DEVICE, "lost", ""), "name"),
        (Wanted(WipeKind.DEVICE, "lost", "PHONE"), "name"),
    ],
    ids=["no reason", "no name", "another name"],
)
def test_a_full_wipe_needs_reason_and_name(
    world: WipeWorld, phone: Device, wanted: Wanted, fault: str
) -> None:
    with pytest.raises(GatewayError) as caught:
        world.wipes.request(ROOT, phone.key, wanted)
    assert (caught.value.kind, list(caught.value.faults)) == (Kind.MALFORMED, [fault])
    assert state(world, phone) is DeviceState.PROVISIONING_SUCCEEDED
    assert world.orders() == []


def test_a_device_may_be_named_by_what_it_calls_itself_unless_two_do(world: WipeWorld, phone: Device) -> None:
    told = DeviceInformation(friendly_name="Ann's phone")
    world.devices.learn_information(phone.key, told, ROOT)
    other = world.provisioned_phone(world.users.get("ann@acme.example"), "PHONE2")
    wanted = replace(FULL, typed="ann's PHONE")
    world.devices.learn_information(other.key, told, ROOT)
    assert refused(Kind.MALFORMED, world.wipes.request, ROOT, phone.key, wanted) == AMBIGUOUS
    world.devices.learn_information(other.key, DeviceInformation(friendly_name="Old one"), ROOT)
    assert world.wipes.request(ROOT, phone.key, wanted).progress is Progress.AWAITING
    assert refused(Kind.MALFORMED, world.wipes.request, ROOT, other.key, wanted) == TYPE_NAME


def test_a_full_wipe_waits_for_a_second_administrator(world: WipeWorld, phone: Device) -> None:
    order = world.wipes.request(ROOT, phone.key, FULL)
    assert order.progress is Progress.AWAITING
    assert order.expires_at == world.clock.now() + APPROVAL_LIFETIME
    assert state(world, phone) is DeviceState.PROVISIONING_SUCCEEDED
    assert world.trail()[-1].tag is AuditTag.WIPE_REQUESTED
    assert world.wipes.request(SECOND, phone.key, FULL) == order, "a second request is no approval"
    approved = world.wipes.approve(SECOND, "acme", order.id, "he called me")
    assert (approved.progress, approved.approved_by) == (Progress.QUEUED, "second")
    found = world.devices.get(phone.key)
    assert found is not None
    assert found.wipe is not None
    assert (found.wipe.ordered_by, found.wipe.approved_by) == ("root", "second")
    tags = [record.tag for record in world.trail()]
    assert tags[-2:] == [AuditTag.WIPE_APPROVED, AuditTag.WIPE_REQUIRED]


@pytest.mark.parametrize(
    "who",
    [
        ROOT,
        replace(ROOT, address="198.51.100.9", user_agent="other"),
        Actor("admin", " ROOT "),
        Actor("system", "gateway"),
        Actor("device", "x/y"),
        Actor("user", "ann"),
    ],
    ids=["requester", "from elsewhere", "spelled otherwise", "system", "device", "user"],
)
def test_who_asked_does_not_approve(world: WipeWorld, phone: Device, who: Actor) -> None:
    order = world.wipes.request(ROOT, phone.key, FULL)
    assert refused(Kind.FORBIDDEN, world.wipes.approve, who, "acme", order.id) == ONESELF
    assert world.orders() == [order]
    assert world.trail()[-1].tag is AuditTag.ACT_REFUSED


def test_an_approval_is_used_once(world: WipeWorld, phone: Device) -> None:
    order = world.wipes.request(ROOT, phone.key, FULL)
    world.wipes.approve(SECOND, "acme", order.id)
    assert "ordered" in refused(Kind.CONFLICT, world.wipes.approve, SECOND, "acme", order.id)
    world.wipes.cancel(ROOT, "acme", order.id, "found")
    assert "cancelled" in refused(Kind.CONFLICT, world.wipes.approve, SECOND, "acme", order.id)
    assert state(world, phone) is DeviceState.PROVISIONING_REQUIRED


def test_an_approval_comes_in_time_or_not_at_all(world: WipeWorld, phone: Device) -> None:
    order = world.wipes.request(ROOT, phone.key, FULL)
    world.clock.pass_by(hours=24)
    assert "in time" in refused(Kind.CONFLICT, world.wipes.approve, SECOND, "acme", order.id)
    assert [each.progress for each in world.orders()] == [Progress.EXPIRED]
    world.clock.pass_by(hours=-23)
    refused(Kind.CONFLICT, world.wipes.approve, SECOND, "acme", order.id)
    assert state(world, phone) is DeviceState.PROVISIONING_SUCCEEDED


def test_an_order_from_a_clock_that_is_ahead_is_not_approved(world: WipeWorld, phone: Device) -> None:
    order = world.wipes.request(ROOT, phone.key, FULL)
    world.clock.pass_by(hours=-1)
    assert "clock" in refused(Kind.CONFLICT, world.wipes.approve, SECOND, "acme", order.id)
    world.clock.pass_by(minutes=56)
    assert world.wipes.approve(SECOND, "acme", order.id).progress is Progress.QUEUED


def test_expired_orders_are_closed_by_the_gateway(world: WipeWorld, phone: Device) -> None:
    world.wipes.request(ROOT, phone.key, FULL)
    assert world.wipes.expire() == 0
    world.clock.pass_by(hours=24)
    assert (world.wipes.expire(), world.wipes.expire()) == (1, 0)
    assert world.trail()[-1].tag is AuditTag.WIPE_EXPIRED
    again = world.wipes.request(ROOT, phone.key, FULL)
    assert again.progress is Progress.AWAITING


def test_asking_again_after_an_expiry_that_nobody_noticed(world: WipeWorld, phone: Device) -> None:
    world.wipes.request(ROOT, phone.key, FULL)
    world.clock.pass_by(hours=30)
    world.wipes.request(ROOT, phone.key, FULL)
    assert [each.progress for each in world.orders()] == [Progress.AWAITING, Progress.EXPIRED]


def test_an_order_is_turned_down(world: WipeWorld, phone: Device) -> None:
    order = world.wipes.request(ROOT, phone.key, FULL)
    over = world.wipes.reject(SECOND, "acme", order.id, "not his")
    assert (over.progress, over.ended_by, over.ended_why) == (Progress.REJECTED, "second", "not his")
    for act in (world.wipes.approve, world.wipes.reject, world.wipes.cancel):
        refused(Kind.CONFLICT, act, SECOND, "acme", order.id)


def test_an_order_of_another_organisation_is_not_there(world: WipeWorld, phone: Device) -> None:
    world.organisation("globex")
    order = world.wipes.request(ROOT, phone.key, FULL)
    for act in (world.wipes.approve, world.wipes.reject, world.wipes.cancel):
        refused(Kind.NOT_FOUND, act, SECOND, "globex", order.id)
    refused(Kind.NOT_FOUND, world.wipes.get, "acme", "w-none")
    assert world.wipes.list("globex") == []


def test_an_order_without_approval_where_the_organisation_says_so(world: WipeWorld, phone: Device) -> None:
    world.guard(approve_full_wipes=False)
    assert world.wipes.request(ROOT, phone.key, FULL).progress is Progress.QUEUED


def test_an_organisation_that_never_erases_whole_devices(world: WipeWorld, phone: Device) -> None:
    waiting = world.wipes.request(ROOT, phone.key, FULL)
    world.guard(never_full_wipe=True)
    assert refused(Kind.FORBIDDEN, world.wipes.approve, SECOND, "acme", waiting.id) == NEVER_FULL
    world.wipes.cancel(ROOT, "acme", waiting.id)
    assert refused(Kind.FORBIDDEN, world.wipes.request, ROOT, phone.key, FULL) == NEVER_FULL
    assert world.wipes.request(ROOT, phone.key, ACCOUNT).progress is Progress.QUEUED


def test_below_16_1_block_and_remove_is_offered_instead(world: WipeWorld) -> None:
    world.organisation()
    phone = world.provisioned_phone(world.user(), version=Version.V14_1)
    told = refused(Kind.CONFLICT, world.wipes.request, ROOT, phone.key, ACCOUNT)
    assert "block the device and remove it instead" in told
    account, full = world.wipes.choices(phone.key)
    assert (account.kind, account.obstacle) == (WipeKind.ACCOUNT, told)
    assert (full.obstacle, full.approval, full.type_name) == ("", True, "PHONE1")
    assert world.orders() == []


def test_two_kinds_do_not_mix(world: WipeWorld, phone: Device) -> None:
    waiting = world.wipes.request(ROOT, phone.key, FULL)
    world.wipes.request(ROOT, phone.key, ACCOUNT)
    assert "other kind" in refused(Kind.CONFLICT, world.wipes.approve, SECOND, "acme", waiting.id)
    assert world.wipes.request(ROOT, phone.key, FULL) == waiting


def test_what_a_device_has_is_taken_back(world: WipeWorld, phone: Device) -> None:
    refused(Kind.CONFLICT, world.wipes.cancel_for, ROOT, phone.key)
    world.wipes.request(ROOT, phone.key, FULL)
    assert world.wipes.cancel_for(ROOT, phone.key, "found").progress is Progress.CANCELLED
    world.wipes.request(ROOT, phone.key, ACCOUNT)
    assert world.wipes.cancel_for(ROOT, phone.key, "found").progress is Progress.CANCELLED
    assert state(world, phone) is DeviceState.PROVISIONING_REQUIRED
    refused(Kind.CONFLICT, world.wipes.cancel_for, ROOT, phone.key)


def test_removing_a_device_ends_what_waits(world: WipeWorld, phone: Device) -> None:
    order = world.wipes.request(ROOT, phone.key, FULL)
    world.devices.remove(ROOT, phone.key)
    assert world.wipes.get("acme", order.id).progress is Progress.CANCELLED
    world.provisioned_phone(world.users.get("ann@acme.example"))
    refused(Kind.CONFLICT, world.wipes.approve, SECOND, "acme", order.id)


def test_over_the_hour_of_an_administrator_everything_freezes(world: WipeWorld, phone: Device) -> None:
    world.guard(wipes_per_hour=2, wipes_per_day_percent=100)
    phones = [
        phone,
        *(world.provisioned_phone(world.users.get("ann@acme.example"), f"P{n}") for n in range(4)),
    ]
    for each in phones[:2]:
        world.wipes.request(ROOT, each.key, ACCOUNT)
    told = refused(Kind.CONFLICT, world.wipes.request, ROOT, phones[2].key, ACCOUNT)
    assert "root asked for more than 2 wipes within an hour" in told
    assert AuditTag.WIPES_FROZEN in [record.tag for record in world.trail()[-2:]]
    assert "frozen" in refused(Kind.CONFLICT, world.wipes.request, SECOND, phones[3].key, ACCOUNT)
    assert len(world.orders()) == 2
    world.safeguards.lift(SECOND, "acme", "a real theft")
    assert world.wipes.request(ROOT, phones[3].key, ACCOUNT).progress is Progress.QUEUED


def test_over_the_day_of_the_fleet_everything_freezes(world: WipeWorld, phone: Device) -> None:
    """Two per cent of one device is one device."""
    other = world.provisioned_phone(world.users.get("ann@acme.example"), "PHONE2")
    for _ in range(3):
        world.wipes.request(ROOT, phone.key, ACCOUNT)
        world.wipes.cancel_for(ROOT, phone.key)
    told = refused(Kind.CONFLICT, world.wipes.request, SECOND, other.key, ACCOUNT)
    assert "More than 1 of 2 devices" in told
    world.clock.pass_by(hours=25)
    world.safeguards.lift(SECOND, "acme", "")
    world.wipes.request(SECOND, other.key, ACCOUNT)


def test_nothing_is_ordered_or_approved_while_frozen_but_taken_back(world: WipeWorld, phone: Device) -> None:
    order = world.wipes.request(ROOT, phone.key, FULL)
    world.safeguards.freeze(SECOND, "acme", "I do not like this")
    assert "second froze them" in refused(Kind.CONFLICT, world.wipes.approve, SECOND, "acme", order.id)
    refused(Kind.CONFLICT, world.wipes.request, ROOT, phone.key, ACCOUNT)
    assert world.wipes.cancel(ROOT, "acme", order.id).progress is Progress.CANCELLED


def test_lists_are_of_one_organisation_and_filter(world: WipeWorld, phone: Device) -> None:
    first = world.wipes.request(ROOT, phone.key, FULL)
    assert world.wipes.list("acme") == [first]
    assert world.wipes.list("acme", progress={Progress.QUEUED}) == []
    assert world.wipes.list("acme", user=phone.key.user) == [first]
    assert world.wipes.last(phone.key) == first
    assert world.wipes.last(replace(phone.key, device_id="NONE")) is None


def test_a_stored_default_is_what_is_documented() -> None:
    rules = Safeguards()
    assert (rules.approve_full_wipes, rules.wipes_per_hour, rules.wipes_per_day_percent) == (True, 5, 2)

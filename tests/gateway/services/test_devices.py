"""Partnerships: what an administrator and a device can bring about, and what is kept of it."""

from dataclasses import replace

import pytest

from gateway.errors import GatewayError, Kind
from gateway.records import AuditTag, Contact, User
from gateway.services.login import Principal
from mdm.ashttp import Version
from mdm.device import AccessLevel, Device, DeviceInformation, DeviceKey, DeviceState, WipeKind
from mdm.lifecycle import Effect
from tests.support import partnership
from tests.support.world import ADMIN, World, asked

REQUIRED, SUCCEEDED = DeviceState.PROVISIONING_REQUIRED, DeviceState.PROVISIONING_SUCCEEDED
WIPE_REQUIRED, WIPE_SUCCEEDED = DeviceState.WIPE_REQUIRED, DeviceState.WIPE_SUCCEEDED


@pytest.fixture
def ann(world: World) -> User:
    world.organisation()
    return world.user()


def refused(world: World, kind: Kind, act: object) -> None:
    """``act`` raises, and the trail has the refusal."""
    with pytest.raises(GatewayError) as caught:
        act()  # type: ignore[operator]
    assert caught.value.kind is kind
    assert world.trail()[-1].tag is AuditTag.ACT_REFUSED


def test_a_known_device_is_admitted_without_writing(world: World, ann: User) -> None:
    phone = world.phone(ann)
    before = world.last_change()
    assert world.phone(ann) == phone
    assert world.last_change() == before


def test_provisioning_ends_in_compliance_with_two_records(world: World, ann: User) -> None:
    phone = world.provisioned_phone(ann)
    assert phone.state is SUCCEEDED
    assert phone.policy_key != 0
    assert world.devices.get(phone.key) == phone
    tags = [record.tag for record in world.trail()[-2:]]
    assert tags == [AuditTag.POLICY_REQUESTED, AuditTag.POLICY_ACKNOWLEDGED]


def test_the_trail_never_shows_a_key(world: World, ann: User) -> None:
    world.provisioned_phone(ann)
    shown = repr(world.trail())
    assert all(str(key) not in shown for key in world.keys.given if key >= 1000)
    assert "'policy_key': 'set'" in shown


def test_an_offer_does_not_survive_as_compliance(world: World, ann: User) -> None:
    phone = world.phone(ann)
    outcome = world.provision(phone.key, partnership.acknowledgement(4711))
    assert outcome.effect is Effect.NOTHING
    assert world.devices.get(phone.key) == phone


def test_the_spoken_version_is_kept(world: World, ann: User) -> None:
    phone = world.phone(ann, version=Version.V14_1)
    world.provision(phone.key, partnership.initial(Version.V16_1), Version.V16_1)
    found = world.devices.get(phone.key)
    assert found is not None
    assert found.protocol_version == "16.1"


def test_a_wipe_goes_from_order_to_acknowledgement(world: World, ann: User) -> None:
    phone = world.provisioned_phone(ann)
    ordered = world.devices.require_wipe(ADMIN, phone.key, WipeKind.DEVICE, "lost")
    assert (ordered.state, ordered.policy_key, ordered.proof_key) == (WIPE_REQUIRED, 0, phone.policy_key)
    assert world.devices.open_wipes() == {phone.key}
    delivered = world.provision(phone.key, partnership.initial(Version.V16_1))
    assert delivered.device.wipe is not None
    assert delivered.device.wipe.delivered_at == world.clock.now()
    world.provision(phone.key, partnership.initial(Version.V16_1))
    done = world.obey(phone.key)
    assert done.device.state is WIPE_SUCCEEDED
    assert done.device.wipe is not None
    assert not done.device.wipe.unverified
    tags = [record.tag for record in world.trail()[-3:]]
    assert tags == [AuditTag.WIPE_REQUIRED, AuditTag.WIPE_DELIVERED, AuditTag.WIPE_CONFIRMED]
    assert world.trail()[-3].reason == "lost"


def test_a_failed_wipe_is_counted_and_ordered_again(world: World, ann: User) -> None:
    phone = world.provisioned_phone(ann)
    world.devices.require_wipe(ADMIN, phone.key, WipeKind.DEVICE)
    failed = world.obey(phone.key, status=2)
    assert failed.device.wipe is not None
    assert failed.device.wipe.failures == 1
    assert world.trail()[-1].tag is AuditTag.WIPE_FAILED


def test_the_same_order_twice_is_one(world: World, ann: User) -> None:
    phone = world.provisioned_phone(ann)
    first = world.devices.require_wipe(ADMIN, phone.key, WipeKind.DEVICE)
    before = world.last_change()
    assert world.devices.require_wipe(ADMIN, phone.key, WipeKind.DEVICE) == first
    assert world.last_change() == before


def test_an_account_wipe_below_16_1_is_refused_and_never_a_full_one(world: World, ann: User) -> None:
    phone = world.provisioned_phone(ann, version=Version.V16_0)
    refused(world, Kind.CONFLICT, lambda: world.devices.require_wipe(ADMIN, phone.key, WipeKind.ACCOUNT))
    assert world.devices.get(phone.key) == phone


def test_a_pending_wipe_of_the_other_kind_is_refused(world: World, ann: User) -> None:
    phone = world.provisioned_phone(ann)
    world.devices.require_wipe(ADMIN, phone.key, WipeKind.ACCOUNT)
    refused(world, Kind.CONFLICT, lambda: world.devices.require_wipe(ADMIN, phone.key, WipeKind.DEVICE))


def test_a_wipe_is_cancelled_and_its_record_stays(world: World, ann: User) -> None:
    phone = world.provisioned_phone(ann)
    world.devices.require_wipe(ADMIN, phone.key, WipeKind.DEVICE)
    cancelled = world.devices.cancel_wipe(ADMIN, phone.key, "found")
    assert (cancelled.state, cancelled.wipe) == (REQUIRED, None)
    record = world.trail()[-1]
    assert record.tag is AuditTag.WIPE_CANCELLED
    assert record.before["wipe"]["kind"] == "device"
    refused(world, Kind.CONFLICT, lambda: world.devices.cancel_wipe(ADMIN, phone.key))


def test_removing_needs_force_while_a_wipe_is_pending(world: World, ann: User) -> None:
    phone = world.provisioned_phone(ann)
    world.devices.require_wipe(ADMIN, phone.key, WipeKind.DEVICE)
    refused(world, Kind.CONFLICT, lambda: world.devices.remove(ADMIN, phone.key))
    world.devices.remove(ADMIN, phone.key, force=True)
    assert world.devices.list(ann.organisation) == []
    assert world.devices.open_wipes() == {phone.key}
    assert world.provision(phone.key, partnership.initial(Version.V16_1)).effect is Effect.DIRECT_WIPE
    again = world.phone(ann)
    assert again.state is WIPE_REQUIRED


def test_a_tombstone_ends_with_its_acknowledgement_and_the_device_may_enrol(world: World, ann: User) -> None:
    phone = world.provisioned_phone(ann)
    world.devices.require_wipe(ADMIN, phone.key, WipeKind.DEVICE)
    world.devices.remove(ADMIN, phone.key, force=True)
    world.obey(phone.key)
    assert world.devices.get(phone.key) is None
    assert world.trail()[-1].tag is AuditTag.WIPE_CONFIRMED
    assert world.phone(ann).state is REQUIRED


@pytest.mark.parametrize("end", ["cancel", "remove"])
def test_an_administrator_ends_a_tombstone(world: World, ann: User, end: str) -> None:
    phone = world.provisioned_phone(ann)
    world.devices.require_wipe(ADMIN, phone.key, WipeKind.DEVICE)
    world.devices.remove(ADMIN, phone.key, force=True)
    if end == "cancel":
        world.devices.cancel_wipe(ADMIN, phone.key)
    else:
        refused(world, Kind.CONFLICT, lambda: world.devices.remove(ADMIN, phone.key))
        world.devices.remove(ADMIN, phone.key, force=True)
    assert world.devices.open_wipes() == frozenset()
    assert world.devices.get(phone.key) is None


def test_after_wipe_succeeded_removal_lets_the_device_enrol_as_new(world: World, ann: User) -> None:
    phone = world.provisioned_phone(ann)
    world.devices.require_wipe(ADMIN, phone.key, WipeKind.DEVICE)
    world.obey(phone.key)
    assert world.phone(ann).state is WIPE_SUCCEEDED
    world.devices.remove(ADMIN, phone.key)
    assert world.phone(ann).state is REQUIRED


def test_an_unverified_acknowledgement_is_marked(world: World, ann: User) -> None:
    phone = world.provisioned_phone(ann)
    world.devices.require_wipe(ADMIN, phone.key, WipeKind.DEVICE)
    done = world.obey(phone.key, unverified=True)
    assert done.device.wipe is not None
    assert done.device.wipe.unverified
    assert world.devices.get(phone.key) == done.device


def test_the_lane_gives_no_policy_when_the_wipe_is_over(world: World, ann: User) -> None:
    phone = world.provisioned_phone(ann)
    with pytest.raises(GatewayError) as caught:
        world.provision(phone.key, partnership.initial(Version.V16_1), unverified=True)
    assert caught.value.kind is Kind.UNAUTHENTICATED
    assert world.devices.get(phone.key) == phone


def test_provisioning_can_be_demanded(world: World, ann: User) -> None:
    phone = world.provisioned_phone(ann)
    demanded = world.devices.require_provisioning(ADMIN, phone.key, "audit")
    assert (demanded.state, demanded.policy_key) == (REQUIRED, 0)
    assert world.trail()[-1].tag is AuditTag.PROVISIONING_REQUIRED


def test_an_override_is_set_and_taken_back(world: World, ann: User) -> None:
    phone = world.phone(ann)
    blocked = world.devices.set_access(ADMIN, phone.key, AccessLevel.BLOCK, "stolen")
    assert (blocked.access, blocked.access_reason) == (AccessLevel.BLOCK, "stolen")
    free = world.devices.set_access(ADMIN, phone.key, None)
    assert (free.access, free.access_reason) == (None, "")
    assert world.trail()[-1].before == {"access": "block", "access_reason": "stolen"}


def test_reported_information_is_merged_and_written_once(world: World, ann: User) -> None:
    phone = world.phone(ann)
    told = DeviceInformation(model="Pixel")
    learnt = world.devices.learn_information(phone.key, told, ADMIN)
    before = world.last_change()
    assert learnt.information.model == "Pixel"
    assert world.devices.learn_information(phone.key, told, ADMIN) == learnt
    assert world.last_change() == before


def test_a_contact_leaves_no_trace_in_the_trail(world: World, ann: User) -> None:
    phone = world.phone(ann)
    count = len(world.trail())
    world.clock.pass_by(minutes=5)
    key = phone.key
    contact = Contact(key.organisation, key.user, key.device_id, world.clock.now(), "::1", "ua", "16.1", True)
    world.devices.touch([contact])
    found = world.devices.get(key)
    expected = replace(
        phone, last_seen=world.clock.now(), last_sync=world.clock.now(), last_ip="::1", user_agent="ua"
    )
    assert found == expected
    assert len(world.trail()) == count


def test_what_is_not_there_is_not_found(world: World, ann: User) -> None:
    key = DeviceKey(ann.organisation, ann.id, "NOTHING")
    refused(world, Kind.NOT_FOUND, lambda: world.devices.require_wipe(ADMIN, key, WipeKind.DEVICE))
    refused(world, Kind.NOT_FOUND, lambda: world.devices.remove(ADMIN, key))
    principal = Principal(ann.organisation, "u-gone")
    refused(world, Kind.NOT_FOUND, lambda: world.devices.admit(principal, asked("X")))


def test_the_same_device_of_another_organisation_is_another_partnership(world: World, ann: User) -> None:
    world.organisation("globex")
    eve = world.user("eve@globex.example")
    mine, theirs = world.phone(ann), world.phone(eve)
    world.devices.require_wipe(ADMIN, mine.key, WipeKind.DEVICE)
    assert world.devices.get(theirs.key) == theirs
    assert isinstance(theirs, Device)

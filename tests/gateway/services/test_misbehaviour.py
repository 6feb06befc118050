"""Suspension and its end, loops in the record, thresholds of an organisation (product 5.8)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.errors import GatewayError, Kind
from gateway.records import AuditTag
from gateway.records.notices import Notice
from gateway.services.misbehaviour import Misbehaviour, conduct_of, loop_measure
from mdm.ashttp import Version
from mdm.device import Device, DeviceState, WipeKind
from mdm.misbehaviour import DEFAULTS, Behaviour, Crossing
from tests.support import partnership
from tests.support.world import ADMIN, World

FLOOD = Crossing(Behaviour.COMMAND_FLOOD, True, DEFAULTS[Behaviour.COMMAND_FLOOD])
LIMIT = DEFAULTS[Behaviour.PROVISIONING_LOOP]


@pytest.fixture
def conduct(world: World) -> Misbehaviour:
    return Misbehaviour(world.store, world.clock)


@pytest.fixture
def phone(world: World) -> Device:
    world.organisation()
    return world.provisioned_phone(world.user())


def tags(world: World, *wanted: AuditTag) -> list[AuditTag]:
    return [record.tag for record in world.trail() if record.tag in wanted]


def test_a_suspension_has_an_end_a_reason_and_a_record(
    world: World, conduct: Misbehaviour, phone: Device
) -> None:
    before = world.last_change()
    held = conduct.suspend(phone.key, FLOOD)
    assert held.suspended_until == world.clock.now() + timedelta(hours=1)
    assert held.suspended_reason == "flood of commands: 4000 or more within 5 minutes"
    record = world.trail()[-1]
    assert (record.tag, record.actor.kind, record.after["suspended_reason"]) == (
        AuditTag.DEVICE_SUSPENDED,
        "system",
        held.suspended_reason,
    )
    assert world.last_change() > before
    assert conduct.suspend(phone.key, FLOOD).suspended_until == held.suspended_until
    assert tags(world, AuditTag.DEVICE_SUSPENDED) == [AuditTag.DEVICE_SUSPENDED]


def test_a_wipe_is_not_covered_by_a_suspension(world: World, conduct: Misbehaviour, phone: Device) -> None:
    world.devices.require_wipe(ADMIN, phone.key, WipeKind.ACCOUNT)
    assert conduct.suspend(phone.key, FLOOD).suspended_until is None


def test_release_is_one_action(world: World, conduct: Misbehaviour, phone: Device) -> None:
    conduct.suspend(phone.key, FLOOD)
    assert [each.key for each in conduct.noted("acme", Notice.SUSPENDED)] == [phone.key]
    freed = conduct.release(ADMIN, phone.key, "a test phone")
    assert (freed.suspended_until, freed.suspended_reason) == (None, "")
    record = world.trail()[-1]
    assert (record.tag, record.reason, record.actor.name) == (
        AuditTag.SUSPENSION_LIFTED,
        "a test phone",
        "root",
    )
    assert conduct.noted("acme", Notice.SUSPENDED) == []
    with pytest.raises(GatewayError) as refused:
        conduct.release(ADMIN, phone.key)
    assert refused.value.kind is Kind.CONFLICT


def test_a_suspension_that_is_over_is_not_listed(world: World, conduct: Misbehaviour, phone: Device) -> None:
    conduct.suspend(phone.key, FLOOD)
    world.clock.pass_by(hours=1, seconds=1)
    assert conduct.noted("acme", Notice.SUSPENDED) == []


def test_slowing_down_is_recorded_and_changes_nothing(
    world: World, conduct: Misbehaviour, phone: Device
) -> None:
    conduct.slowed(phone.key, FLOOD)
    assert world.trail()[-1].tag is AuditTag.DEVICE_SLOWED
    assert world.devices.get(phone.key) == phone


def test_a_loop_is_told_once_suspended_once_and_ends(
    world: World, conduct: Misbehaviour, phone: Device
) -> None:
    wanted = (AuditTag.DEVICE_LOOPING, AuditTag.DEVICE_SUSPENDED, AuditTag.DEVICE_RECOVERED)
    for _ in range(LIMIT.suspend + 3):
        offered = world.provision(phone.key, partnership.initial(Version.V16_1)).device
        world.provision(phone.key, partnership.acknowledgement(offered.temporary_key))
    looping = world.devices.get(phone.key)
    assert looping is not None
    assert looping.diagnosis.startswith("acknowledges the policy and comes back without its key")
    assert looping.suspended_until is not None
    assert [each.key for each in conduct.noted("acme", Notice.LOOPING)] == [phone.key]
    assert tags(world, *wanted) == list(wanted[:2])
    well = conduct.recover(phone.key)
    assert (well.diagnosis, well.offers, well.state) == ("", 0, DeviceState.PROVISIONING_SUCCEEDED)
    assert tags(world, *wanted) == list(wanted)
    assert conduct.recover(phone.key) == well
    assert tags(world, *wanted) == list(wanted)


def test_release_ends_a_loop_as_well(world: World, conduct: Misbehaviour, phone: Device) -> None:
    for _ in range(LIMIT.slow):
        world.provision(phone.key, partnership.initial(Version.V16_1))
    assert conduct.release(ADMIN, phone.key).diagnosis == ""


def test_an_acknowledgement_ends_the_other_loop(world: World, phone: Device) -> None:
    for _ in range(LIMIT.slow + 1):
        offered = world.provision(phone.key, partnership.initial(Version.V16_1)).device
    done = world.provision(phone.key, partnership.acknowledgement(offered.temporary_key)).device
    assert (done.state, offered.diagnosis.split(":")[0]) == (
        DeviceState.PROVISIONING_SUCCEEDED,
        "acknowledges the policy and comes back without its key",
    )


def test_thresholds_belong_to_an_organisation(world: World, conduct: Misbehaviour, phone: Device) -> None:
    assert conduct.thresholds("acme").ordinary == DEFAULTS
    conduct.set_thresholds(ADMIN, "acme", {"provisioning_loop": "off"}, "too strict")
    record = world.trail()[-1]
    assert (record.tag, record.reason, record.after) == (
        AuditTag.MISBEHAVIOUR_CHANGED,
        "too strict",
        {"provisioning_loop": "off"},
    )
    for _ in range(LIMIT.suspend + 1):
        world.provision(phone.key, partnership.initial(Version.V16_1))
    quiet = world.devices.get(phone.key)
    assert quiet is not None
    assert (quiet.diagnosis, quiet.suspended_until) == ("", None)
    count = len(world.trail())
    conduct.set_thresholds(ADMIN, "acme", {"provisioning_loop": "off"})
    assert len(world.trail()) == count


def test_thresholds_that_make_no_sense_are_refused(
    world: World, conduct: Misbehaviour, phone: Device
) -> None:
    with pytest.raises(GatewayError) as refused:
        conduct.set_thresholds(ADMIN, "acme", {"errors": {"slow": -1}})
    assert refused.value.kind is Kind.MALFORMED
    assert list(refused.value.faults) == ["errors.slow"]
    assert phone.key.organisation


def test_what_another_release_stored_does_not_stop_a_request(world: World) -> None:
    plain = world.organisation()
    home = replace(plain, safeguards=replace(plain.safeguards, misbehaviour={"a_seventh": "off"}))
    assert conduct_of(home).ordinary == DEFAULTS
    assert loop_measure(home, service=False) == LIMIT


def test_stale_devices_are_those_without_contact(world: World, conduct: Misbehaviour, phone: Device) -> None:
    assert conduct.noted("acme", Notice.SILENT) == []
    world.clock.pass_by(days=31)
    assert [each.key for each in conduct.noted("acme", Notice.SILENT)] == [phone.key]
    assert conduct.noted("acme", Notice.SILENT, days=60) == []

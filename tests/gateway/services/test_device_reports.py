"""The report on one device: all of it, and of one that is gone what is on record."""

import pytest

from gateway.errors import GatewayError, Kind
from gateway.records import AuditTag
from gateway.services.audit_verifying import AuditVerifier
from gateway.services.device_reports import DeviceReport, DeviceReports
from gateway.services.partnerships import target_of
from mdm.device import WipeKind
from tests.support.trails import signer
from tests.support.world import ADMIN, World


def report(world: World, user: str, device_id: str = "phone1", organisation: str = "acme") -> DeviceReport:
    verifier = AuditVerifier(world.store, world.clock, signer)
    return DeviceReports(world.store, world.clock, verifier).of(ADMIN, organisation, user, device_id)


def test_everything_about_it_and_nothing_about_others(world: World) -> None:
    world.organisation()
    ann = world.user()
    phone = world.provisioned_phone(ann)
    world.provisioned_phone(ann, "PHONE2")
    world.devices.require_wipe(ADMIN, phone.key, WipeKind.ACCOUNT)
    made = report(world, ann.address)
    assert made.key == phone.key and made.user == ann and made.sheet is not None
    assert {each.target for each in made.records} == {target_of(phone.key)}
    assert [each.tag for each in made.records] == [
        each.tag for each in world.trail() if each.target == target_of(phone.key)
    ][:-1]
    assert made.trail.sound and made.trail.last == len(world.trail())
    assert world.trail()[-1].tag is AuditTag.AUDIT_EXPORTED


def test_of_a_removed_device_what_is_on_record(world: World) -> None:
    world.organisation()
    ann = world.user()
    phone = world.provisioned_phone(ann)
    world.devices.remove(ADMIN, phone.key)
    made = report(world, ann.id)
    assert made.sheet is None
    assert made.records[-1].tag is AuditTag.DEVICE_REMOVED


@pytest.mark.parametrize("device_id", ["PHONE2", ""])
def test_what_never_was_has_none_and_leaves_nothing(world: World, device_id: str) -> None:
    world.organisation()
    ann = world.user()
    before = world.trail()
    for user in (ann.id, "nobody"):
        with pytest.raises(GatewayError) as caught:
            report(world, user, device_id)
        assert caught.value.kind is Kind.NOT_FOUND
    assert world.trail() == before


def test_another_organisation_has_none_of_it(world: World) -> None:
    world.organisation()
    world.organisation("globex")
    ann = world.user()
    world.provisioned_phone(ann)
    with pytest.raises(GatewayError) as caught:
        report(world, ann.id, organisation="globex")
    assert caught.value.kind is Kind.NOT_FOUND

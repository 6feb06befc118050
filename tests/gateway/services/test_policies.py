"""Policies: versions, roll back, and what their change does to devices (product 4.3)."""

from dataclasses import replace

import pytest

from gateway.errors import GatewayError, Kind
from gateway.records import AuditTag, Scope, User
from mdm.ashttp import Version
from mdm.device import DeviceState, WipeKind
from mdm.policy import DEFAULT
from tests.support import partnership
from tests.support.refusals import refused
from tests.support.world import ADMIN, World

STRICT = {"settings": {"DevicePasswordEnabled": True, "MinDevicePasswordLength": 6}}
STRICTER = {"settings": {"DevicePasswordEnabled": True, "MinDevicePasswordLength": 8}}


@pytest.fixture
def ann(world: World) -> User:
    world.organisation()
    return world.user()


def test_before_anybody_sets_one_the_default_is_in_force(world: World, ann: User) -> None:
    assert world.policies.current("acme") is None
    assert world.policies.effective(ann.organisation) == DEFAULT


def test_a_version_is_written_with_its_record(world: World, ann: User) -> None:
    change = world.policies.set_policy(ADMIN, "acme", STRICT)
    assert (change.version.version, change.version.created_by, change.devices) == (1, "root", 0)
    assert world.policies.effective(ann.organisation).value("MinDevicePasswordLength") == 6
    record = world.trail()[-1]
    assert (record.tag, record.after["version"]) == (AuditTag.POLICY_CHANGED, 1)
    assert world.policies.versions("acme") == [change.version]


def test_every_wrong_setting_is_named(world: World, ann: User) -> None:
    wrong = {"settings": {"MinDevicePasswordLength": 99, "Nonsense": 1}, "other": 1}
    with pytest.raises(GatewayError) as caught:
        world.policies.set_policy(ADMIN, "acme", wrong)
    assert caught.value.kind is Kind.MALFORMED
    assert {"MinDevicePasswordLength", "Nonsense", "other"} <= set(caught.value.faults)
    assert world.trail()[-1].tag is AuditTag.ACT_REFUSED
    assert world.policies.current("acme") is None


def test_a_change_makes_the_devices_under_it_provision_again(world: World, ann: User) -> None:
    world.organisation("globex")
    phone, other = world.provisioned_phone(ann), world.provisioned_phone(world.user("eve@globex.example"))
    assert world.policies.rehearse("acme", STRICT).touched == 1
    change = world.policies.set_policy(ADMIN, "acme", STRICT)
    assert change.devices == 1
    found = world.devices.get(phone.key)
    assert found is not None
    assert (found.state, found.policy_key, found.proof_key) == (
        DeviceState.PROVISIONING_REQUIRED,
        0,
        phone.policy_key,
    )
    assert world.devices.get(other.key) == other
    assert [record.tag for record in world.trail()[-2:]] == [
        AuditTag.POLICY_OUTDATED,
        AuditTag.POLICY_CHANGED,
    ]
    with world.store.read() as transaction:
        last = transaction.changes.since(0)[-1]
    assert (last.scope, last.organisation) == (Scope.POLICY, ann.organisation)


def test_an_offer_of_the_old_policy_is_void(world: World, ann: User) -> None:
    phone = world.phone(ann)
    offered = world.provision(phone.key, partnership.initial(Version.V16_1)).device
    world.policies.set_policy(ADMIN, "acme", STRICT)
    outcome = world.provision(phone.key, partnership.acknowledgement(offered.temporary_key))
    assert outcome.device.state is DeviceState.PROVISIONING_REQUIRED


def test_the_same_document_writes_nothing(world: World, ann: User) -> None:
    first = world.policies.set_policy(ADMIN, "acme", STRICT)
    phone = world.provisioned_phone(ann)
    before = world.last_change()
    again = world.policies.set_policy(ADMIN, "acme", STRICT)
    assert (again.version, again.devices) == (first.version, 0)
    assert world.devices.get(phone.key) == phone
    assert world.last_change() == before


def test_a_switch_that_alters_nothing_sent_leaves_the_devices_alone(world: World, ann: User) -> None:
    world.policies.set_policy(ADMIN, "acme", STRICT)
    phone = world.provisioned_phone(ann)
    change = world.policies.set_policy(ADMIN, "acme", {**STRICT, "accept_partial": True})
    assert (change.version.version, change.devices) == (2, 0)
    assert world.devices.get(phone.key) == phone


def test_a_pending_wipe_is_not_disturbed(world: World, ann: User) -> None:
    phone = world.provisioned_phone(ann)
    wiping = world.devices.require_wipe(ADMIN, phone.key, WipeKind.DEVICE)
    assert world.policies.set_policy(ADMIN, "acme", STRICT).devices == 0
    assert world.devices.get(phone.key) == wiping


def test_rolling_back_is_a_new_version(world: World, ann: User) -> None:
    first = world.policies.set_policy(ADMIN, "acme", STRICT).version
    world.policies.set_policy(ADMIN, "acme", STRICTER)
    world.provisioned_phone(ann)
    back = world.policies.roll_back(ADMIN, "acme", 1)
    assert back.version == replace(first, version=3)
    assert back.devices == 1
    with pytest.raises(GatewayError) as caught:
        world.policies.roll_back(ADMIN, "acme", 4)
    assert caught.value.kind is Kind.NOT_FOUND


def test_a_device_of_an_unreadable_version_provisions_again(world: World, ann: User) -> None:
    phone = world.provisioned_phone(ann)
    with world.store.write() as transaction:
        transaction.devices.save(replace(phone, protocol_version="9.9"))
    assert world.policies.rehearse("acme", STRICT).touched == 1


def test_a_fleet_larger_than_a_page(world: World, ann: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.services.partnerships.PAGE", 2)
    for number in range(5):
        world.provisioned_phone(ann, f"PHONE{number}")
    assert world.policies.set_policy(ADMIN, "acme", STRICT).devices == 5
    states = {device.state for device in world.devices.list(ann.organisation)}
    assert states == {DeviceState.PROVISIONING_REQUIRED}


def test_named_policies_have_versions_of_their_own(world: World, ann: User) -> None:
    made = world.policies.create(ADMIN, "acme", "strict", STRICT)
    assert (made.version, made.created_by, made.document) == (1, "root", STRICT)
    assert world.trail()[-1].tag is AuditTag.POLICY_CREATED
    assert world.policies.set_policy(ADMIN, "acme", STRICTER, name="strict").version.version == 2
    assert world.policies.copy(ADMIN, "acme", "strict", "copy").document == STRICTER
    assert [(each.name, each.version) for each in world.policies.list("acme")] == [("copy", 1), ("strict", 2)]
    assert world.policies.current("acme") is None
    back = world.policies.roll_back(ADMIN, "acme", 1, name="strict")
    assert (back.version.version, back.version.document) == (3, STRICT)


def test_a_copy_of_the_built_in_policy_says_nothing(world: World, ann: User) -> None:
    assert world.policies.copy(ADMIN, "acme", "default", "bare").document == {"settings": {}}


@pytest.mark.parametrize("name", ["", "a b", "-x", "ä", "x" * 65, "a/b", "a\n"])
def test_names_can_stand_in_an_address(world: World, ann: User, name: str) -> None:
    refused(Kind.MALFORMED, lambda: world.policies.create(ADMIN, "acme", name, {}))


def test_a_name_belongs_to_one_policy(world: World, ann: User) -> None:
    world.policies.create(ADMIN, "acme", "strict", STRICT)
    refused(Kind.CONFLICT, lambda: world.policies.create(ADMIN, "acme", "strict", {}))
    refused(Kind.CONFLICT, lambda: world.policies.create(ADMIN, "acme", "default", {}))
    refused(Kind.NOT_FOUND, lambda: world.policies.set_policy(ADMIN, "acme", {}, name="other"))
    refused(Kind.NOT_FOUND, lambda: world.policies.copy(ADMIN, "acme", "other", "third"))


def test_what_differs_between_two_versions(world: World, ann: User) -> None:
    world.policies.set_policy(ADMIN, "acme", STRICT)
    world.policies.set_policy(ADMIN, "acme", {**STRICTER, "accept_partial": True})
    assert world.policies.difference("acme", "default", 1, 2) == {
        "MinDevicePasswordLength": (6, 8),
        "accept_partial": (False, True),
    }
    assert set(world.policies.difference("acme", "default", 0, 1)) == {
        "DevicePasswordEnabled",
        "MinDevicePasswordLength",
    }
    refused(Kind.NOT_FOUND, lambda: world.policies.difference("acme", "default", 1, 9))


def test_a_document_keeps_to_what_was_said(world: World, ann: User) -> None:
    change = world.policies.set_policy(ADMIN, "acme", {"refresh_hours": 4})
    assert change.version.document == {"settings": {}, "refresh_hours": 4}


def test_a_window_has_bounds(world: World, ann: User) -> None:
    for minutes in (-1, 43_201):
        refused(
            Kind.MALFORMED,
            lambda minutes=minutes: world.policies.set_policy(ADMIN, "acme", STRICT, minutes=minutes),  # type: ignore[misc]
        )

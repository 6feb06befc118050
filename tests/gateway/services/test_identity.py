"""Disputes about who a device is, and their three ends (T4; docs/identity.md)."""

import pytest

from gateway.errors import GatewayError, Kind
from gateway.records import AuditTag, User
from gateway.records.notices import Notice
from gateway.services.enrolment import TooManyDevices
from gateway.services.identity import BLOCKED, Identities, Resolution
from gateway.services.login import Principal
from gateway.services.misbehaviour import Misbehaviour
from gateway.services.tenants import Settings
from mdm.ashttp import Command, Version
from mdm.device import AccessLevel, Device, DeviceState, WipeKind
from mdm.query import CommandRequest
from tests.support.world import ADMIN, World

APPLE = "Apple-iPhone15C2/2001.1"
SAMSUNG = "SAMSUNG-SM-G991B/101.1"


def admit(
    world: World, owner: User, device_id: str = "P", agent: str = APPLE, kind: str = "iPhone"
) -> Device | TooManyDevices:
    request = CommandRequest(Command.FOLDER_SYNC, device_id, kind, Version.V16_1)
    return world.devices.admit(Principal(owner.organisation, owner.id), request, user_agent=agent)


def sure(found: Device | TooManyDevices | None) -> Device:
    assert isinstance(found, Device)
    return found


@pytest.fixture
def identities(world: World) -> Identities:
    return Identities(world.store, world.clock)


@pytest.fixture
def ann(world: World) -> User:
    world.organisation(settings=Settings(device_limit=3))
    return world.user()


@pytest.fixture
def bob(world: World, ann: User) -> User:
    assert ann
    return world.user("bob@acme.example")


def test_the_family_is_kept_from_the_first_contact(world: World, ann: User) -> None:
    assert sure(admit(world, ann)).family == "ios"


def test_one_phone_with_two_accounts_is_legitimate(world: World, ann: User, bob: User) -> None:
    admit(world, ann)
    assert sure(admit(world, bob)).conflict == ""


def test_another_client_with_the_same_id_is_in_dispute(world: World, ann: User, bob: User) -> None:
    first = sure(admit(world, ann))
    second = sure(admit(world, bob, agent=SAMSUNG, kind="SAMSUNGS21"))
    assert "another user" in second.conflict
    assert sure(world.devices.get(first.key)).conflict == ""
    assert AuditTag.IDENTITY_DISPUTED in [record.tag for record in world.trail()]
    noted = Misbehaviour(world.store, world.clock).noted("acme", Notice.CONFLICT)
    assert [each.key for each in noted] == [second.key]


def test_a_wipe_is_not_escaped_by_another_account(world: World, ann: User, bob: User) -> None:
    phone = world.provisioned_phone(ann)
    world.devices.require_wipe(ADMIN, phone.key, WipeKind.ACCOUNT)
    assert "wipe order" in sure(admit(world, bob, "PHONE1")).conflict


def test_nor_by_one_after_the_device_was_removed(world: World, ann: User, bob: User) -> None:
    phone = world.provisioned_phone(ann)
    world.devices.require_wipe(ADMIN, phone.key, WipeKind.ACCOUNT)
    world.devices.remove(ADMIN, phone.key, force=True)
    assert "wipe order" in sure(admit(world, bob, "PHONE1")).conflict


def test_another_organisation_knows_nothing_of_it(world: World, ann: User) -> None:
    admit(world, ann)
    world.organisation("globex")
    eve = world.user("eve@globex.example")
    assert sure(admit(world, eve, agent=SAMSUNG, kind="SAMSUNGS21")).conflict == ""


def test_accepted_is_what_it_says_now_and_provisions_anew(
    world: World, identities: Identities, ann: User
) -> None:
    phone = world.provisioned_phone(ann)
    held = identities.dispute(phone.key, "it jumped", ADMIN, "samsung/SAMSUNG/S21")
    assert held.conflict == "it jumped"
    assert identities.dispute(phone.key, "again", ADMIN) == held
    settled = identities.resolve(ADMIN, phone.key, Resolution.ACCEPT, "new phone")
    assert settled is not None
    assert (settled.conflict, settled.claimed, settled.family) == ("", "", "samsung")
    assert (settled.device_type, settled.policy_key) == ("SAMSUNG/S21", 0)
    assert settled.state is DeviceState.PROVISIONING_REQUIRED
    record = world.trail()[-1]
    assert (record.tag, record.reason) == (AuditTag.IDENTITY_RESOLVED, "new phone")


def test_blocked_stays_blocked(world: World, identities: Identities, ann: User) -> None:
    phone = world.provisioned_phone(ann)
    identities.dispute(phone.key, "it jumped", ADMIN)
    settled = identities.resolve(ADMIN, phone.key, Resolution.BLOCK)
    assert settled is not None
    assert (settled.conflict, settled.access, settled.access_reason) == ("", AccessLevel.BLOCK, BLOCKED)


def test_forgotten_may_enrol_as_new(world: World, identities: Identities, ann: User) -> None:
    phone = world.provisioned_phone(ann)
    identities.dispute(phone.key, "it jumped", ADMIN)
    assert identities.resolve(ADMIN, phone.key, Resolution.FORGET) is None
    assert world.devices.get(phone.key) is None
    assert sure(admit(world, ann, "PHONE1")).policy_key == 0


@pytest.mark.parametrize("resolution", Resolution)
def test_nothing_in_dispute_is_nothing_to_resolve(
    world: World, identities: Identities, ann: User, resolution: Resolution
) -> None:
    phone = world.provisioned_phone(ann)
    with pytest.raises(GatewayError) as refused:
        identities.resolve(ADMIN, phone.key, resolution)
    assert refused.value.kind is Kind.CONFLICT


def test_a_wipe_outranks_a_dispute(world: World, identities: Identities, ann: User) -> None:
    phone = world.provisioned_phone(ann)
    world.devices.require_wipe(ADMIN, phone.key, WipeKind.ACCOUNT)
    assert identities.dispute(phone.key, "it jumped", ADMIN).conflict == ""


def test_outlook_that_changes_its_id_takes_its_own_place(world: World, ann: User) -> None:
    for number in range(20):
        world.clock.pass_by(hours=2)
        assert isinstance(admit(world, ann, f"OUTLOOK{number}", "", "WindowsOutlook15"), Device)
    left = [each.key.device_id for each in world.devices.list(ann.organisation, user=ann.id)]
    assert left == ["OUTLOOK19"]
    replaced = [record for record in world.trail() if record.tag is AuditTag.DEVICE_REPLACED]
    assert len(replaced) == 19


def test_outlooks_in_use_keep_their_places(world: World, ann: User) -> None:
    admitted = [admit(world, ann, f"OUTLOOK{number}", "", "WindowsOutlook15") for number in range(4)]
    assert [isinstance(each, Device) for each in admitted] == [True, True, True, False]


def test_a_phone_is_not_refused_for_stale_outlooks(world: World, ann: User) -> None:
    for number in range(3):
        admit(world, ann, f"OUTLOOK{number}", "", "WindowsOutlook15")
    assert isinstance(admit(world, ann, "PHONE"), TooManyDevices)
    world.clock.pass_by(hours=2)
    assert isinstance(admit(world, ann, "PHONE"), Device)


def test_provisioned_devices_never_make_room(world: World, ann: User) -> None:
    for number in range(3):
        world.provisioned_phone(ann, f"PHONE{number}")
    world.clock.pass_by(days=400)
    refused = admit(world, ann, "PHONE9")
    assert refused == TooManyDevices(("PHONE0", "PHONE1", "PHONE2"))
    told = [record for record in world.trail() if record.tag is AuditTag.DEVICE_REFUSED][-1]
    assert [each["device_id"] for each in told.after["devices"]] == ["PHONE0", "PHONE1", "PHONE2"]
    assert told.after["devices"][0]["device_type"] == "iPhone"

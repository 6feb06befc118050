"""What a change of policy would do (product 4.3, 4.5): whom it touches, and who would not do what it asks."""

from dataclasses import replace

import pytest

from gateway.errors import GatewayError
from gateway.services import rehearsal
from gateway.services.assignments import Target
from gateway.services.rehearsal import Shortcoming
from mdm.ashttp import Version
from mdm.device import WipeKind
from mdm.layers import Reach
from tests.support.fleet_policies import STRICT, Office, furnish_office, named_policy
from tests.support.world import ADMIN, World

ENCRYPTED = {"settings": {"RequireDeviceEncryption": True, "AllowCamera": True}}


@pytest.fixture
def office(world: World) -> Office:
    office = furnish_office(world)
    owner = world.users.get("ann@acme.example")
    world.phone(owner, "NEW")
    old = world.provisioned_phone(owner, "OLD", Version.V12_1)
    gmail = world.provisioned_phone(owner, "GMAIL")
    with world.store.write() as transaction:
        transaction.devices.save(replace(old, protocol_version="12.0"))
        transaction.devices.save(replace(gmail, user_agent="Android-Mail/2024", device_type="Android"))
    return office


def test_who_is_touched_and_who_would_not_do_it(office: Office) -> None:
    office.world.devices.require_wipe(ADMIN, office.phones[0], WipeKind.DEVICE)
    said = office.world.policies.rehearse("acme", ENCRYPTED)
    assert (said.devices, said.under, said.coming, said.wiping) == (6, 5, 1, 1)
    assert said.touched == 4
    assert said.shortcomings == (
        Shortcoming("RequireDeviceEncryption", "", "gmail", "Gmail for Android", 1),
        Shortcoming("RequireDeviceEncryption", "12.0", "", "", 1),
    )


def test_what_is_the_default_anyway_asks_for_nothing(office: Office) -> None:
    said = office.world.policies.rehearse("acme", {"settings": {"RequireDeviceEncryption": False}})
    assert said.shortcomings == ()


def test_a_setting_that_another_policy_decides_is_none_of_this_one(office: Office) -> None:
    world = office.world
    named_policy(world, "lax", {"settings": {"RequireDeviceEncryption": False}})
    world.assignments.assign(ADMIN, "acme", Target(Reach.ORGANISATION), "lax")
    assert world.policies.rehearse("acme", ENCRYPTED).shortcomings == ()


def test_nothing_is_changed_and_pages_add_up(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = office.world.policies.rehearse("acme", STRICT)
    before = office.world.last_change(), len(office.world.trail())
    monkeypatch.setattr(rehearsal, "PAGE", 2)
    assert office.world.policies.rehearse("acme", STRICT) == whole
    assert (office.world.last_change(), len(office.world.trail())) == before


def test_what_was_rehearsed_is_what_happens(office: Office) -> None:
    said = office.world.policies.rehearse("acme", STRICT)
    assert office.world.policies.set_policy(ADMIN, "acme", STRICT).devices == said.touched


def test_a_wrong_document_is_told(office: Office) -> None:
    with pytest.raises(GatewayError):
        office.world.policies.rehearse("acme", {"settings": {"Nonsense": 1}})

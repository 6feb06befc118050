"""Newcomers that are held for what was wiped before them (product 5.3; T8)."""

import pytest

from gateway.records import User
from gateway.services.wipe_guards import Wanted
from gateway.store import DatabaseStore
from mdm.device import AccessLevel, WipeKind
from tests.support.wipes import ROOT, WipeWorld


@pytest.fixture
def world(store: DatabaseStore) -> WipeWorld:
    world = WipeWorld(store)
    world.organisation()
    world.guard(hold_enrolment=True)
    return world


@pytest.fixture
def ann(world: WipeWorld) -> User:
    return world.user()


def test_a_new_device_is_held_while_a_full_wipe_of_its_user_is_open(world: WipeWorld, ann: User) -> None:
    lost = world.provisioned_phone(ann, "LOST")
    assert world.phone(ann, "BEFORE").access is None
    world.devices.require_wipe(ROOT, lost.key, WipeKind.DEVICE)
    held = world.phone(ann, "NEW")
    assert held.access is AccessLevel.QUARANTINE
    assert held.access_reason == (
        "a full wipe of this user's LOST is open, and new devices of the user are held meanwhile"
    )
    bob = world.users.create(ROOT, "acme", "bob@acme.example", password="Correct-Horse-1")
    assert world.phone(bob, "BOBS").access is None
    world.obey(lost.key)
    assert world.phone(ann, "AFTER").access is None


def test_a_tombstone_holds_them_too(world: WipeWorld, ann: User) -> None:
    lost = world.provisioned_phone(ann, "LOST")
    world.devices.require_wipe(ROOT, lost.key, WipeKind.DEVICE)
    world.devices.remove(ROOT, lost.key, force=True)
    assert world.phone(ann, "NEW").access is AccessLevel.QUARANTINE


def test_an_account_wipe_or_one_that_waits_for_approval_holds_nobody(world: WipeWorld, ann: User) -> None:
    lost = world.provisioned_phone(ann, "LOST")
    order = world.wipes.request(ROOT, lost.key, Wanted(WipeKind.DEVICE, "lost", "LOST"))
    assert world.phone(ann, "NEW1").access is None
    world.wipes.cancel(ROOT, "acme", order.id)
    world.wipes.request(ROOT, lost.key, Wanted(WipeKind.ACCOUNT))
    assert world.phone(ann, "NEW2").access is None


def test_the_switch_is_off_unless_somebody_sets_it(world: WipeWorld, ann: User) -> None:
    world.guard(hold_enrolment=False)
    lost = world.provisioned_phone(ann, "LOST")
    world.devices.require_wipe(ROOT, lost.key, WipeKind.DEVICE)
    assert world.phone(ann, "NEW").access is None

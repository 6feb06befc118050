"""Devices leave the list by themselves, and what comes of them (product 5.7)."""

import pytest

from gateway.records import ArchiveCause, AuditTag
from gateway.services.archive import ArchiveService
from gateway.store import DatabaseStore
from mdm.device import AccessLevel, Device, DeviceState, WipeKind
from tests.support.wipes import ROOT, WipeWorld


class Tidy(WipeWorld):
    """A world that archives."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.archive = ArchiveService(self.store, self.clock)


@pytest.fixture
def world(store: DatabaseStore) -> Tidy:
    world = Tidy(store)
    world.organisation()
    return world


@pytest.fixture
def wiped(world: Tidy) -> Device:
    phone = world.provisioned_phone(world.user())
    world.devices.require_wipe(ROOT, phone.key, WipeKind.DEVICE, "lost")
    return world.obey(phone.key).device


def test_nothing_is_archived_unless_the_organisation_says_so(world: Tidy, wiped: Device) -> None:
    world.clock.pass_by(days=4000)
    assert world.archive.round() == 0


def test_after_a_confirmed_wipe(world: Tidy, wiped: Device) -> None:
    world.guard(archive_wiped_days=7)
    world.clock.pass_by(days=7)
    assert world.archive.round() == 0
    world.clock.pass_by(minutes=1)
    assert (world.archive.round(), world.archive.round()) == (1, 0)
    assert world.devices.get(wiped.key) is None
    (archived,) = world.archive.list("acme")
    assert (archived.cause, archived.address) == (ArchiveCause.WIPED, "ann@acme.example")
    assert archived.snapshot["state"] == "Wipe Succeeded"
    assert "set" in (archived.snapshot["proof_key"], archived.snapshot["policy_key"])
    told = [line["tag"] for line in archived.story]
    assert (told[0], told[-1]) == ("device:partnership:created", "device:wipe:confirmed")
    record = world.trail()[-1]
    assert (record.tag, record.actor.kind) == (AuditTag.DEVICE_ARCHIVED, "system")


def test_no_secret_goes_into_the_archive(world: Tidy, wiped: Device) -> None:
    world.guard(archive_wiped_days=1)
    world.clock.pass_by(days=2)
    world.archive.round()
    assert str(wiped.proof_key) not in str(world.archive.list("acme"))


def test_a_silent_device_is_and_one_that_waits_for_its_wipe_is_not(world: Tidy) -> None:
    ann = world.user()
    silent = world.provisioned_phone(ann, "SILENT")
    due = world.provisioned_phone(ann, "DUE")
    world.devices.require_wipe(ROOT, due.key, WipeKind.DEVICE)
    world.guard(archive_days=90)
    world.clock.pass_by(days=91)
    assert world.archive.round() == 1
    assert world.devices.get(silent.key) is None
    assert world.devices.get(due.key) is not None
    back = world.phone(ann, "SILENT")
    assert back.access is None, "it was only silent"
    assert back.state is DeviceState.PROVISIONING_REQUIRED


def test_a_wiped_phone_that_comes_back_is_held(world: Tidy, wiped: Device) -> None:
    world.guard(archive_wiped_days=1)
    world.clock.pass_by(days=2)
    world.archive.round()
    back = world.phone(world.users.get("ann@acme.example"), wiped.key.device_id)
    assert back.access is AccessLevel.QUARANTINE
    assert back.access_reason.startswith("archived after a wipe")


def test_lists_go_on(world: Tidy) -> None:
    ann = world.user()
    for number in range(3):
        world.phone(ann, f"P{number}")
    world.guard(archive_days=1)
    world.clock.pass_by(days=2)
    assert world.archive.round() == 3
    page = world.archive.list("acme", limit=2)
    rest = world.archive.list("acme", before=page[-1].sequence)
    assert {each.key.device_id for each in (*page, *rest)} == {"P0", "P1", "P2"}

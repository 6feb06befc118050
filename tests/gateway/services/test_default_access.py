"""Another default: rehearsed, sparing who is known, never by accident for everybody (product 6.4)."""

import pytest

from gateway.errors import GatewayError, Kind
from gateway.records import AuditTag
from gateway.services.login import Principal
from gateway.services.recollection import Recollection
from gateway.services.snapshots import Known
from gateway.services.tenants import Settings
from mdm.device import AccessLevel, Device
from mdm.rules import Mode
from tests.support.world import ADMIN, World, asked

QUARANTINE, BLOCK, ALLOW = AccessLevel.QUARANTINE, AccessLevel.BLOCK, AccessLevel.ALLOW


def level(world: World, phone: Device) -> AccessLevel:
    ((_, known),) = Recollection(world.store, world.devices).known_again([phone.key])
    assert known is not None
    return known.access.level


def test_who_is_known_can_be_spared(world: World) -> None:
    world.organisation()
    ann = world.user()
    old = world.phone(ann)
    world.clock.pass_by(minutes=1)
    assert world.defaults.rehearse("acme", QUARANTINE).admitted_after == 0
    assert world.defaults.rehearse("acme", QUARANTINE, spare_known=True).admitted_after == 1
    home, told = world.defaults.put(ADMIN, "acme", QUARANTINE, spare_known=True)
    assert (home.default_access, home.spared_before, told.admitted_after) == (
        QUARANTINE,
        world.clock.now(),
        1,
    )
    world.clock.pass_by(minutes=1)
    new = world.phone(ann, "PHONE2")
    assert (level(world, old), level(world, new)) == (ALLOW, QUARANTINE)
    record = next(each for each in world.trail() if each.tag is AuditTag.DEFAULT_ACCESS_CHANGED)
    assert (record.before["default_access"], record.after["default_access"]) == ("allow", "quarantine")


def test_going_back_ends_the_sparing(world: World) -> None:
    world.organisation()
    world.defaults.put(ADMIN, "acme", BLOCK, spare_known=True)
    home, _ = world.defaults.put(ADMIN, "acme", ALLOW)
    assert (home.default_access, home.spared_before) == (ALLOW, None)
    stricter, _ = world.defaults.put(ADMIN, "acme", BLOCK)
    assert stricter.spared_before is None


def test_cutting_everybody_off_is_refused_unless_forced(world: World) -> None:
    world.organisation()
    phone = world.phone(world.user())
    with pytest.raises(GatewayError) as caught:
        world.defaults.put(ADMIN, "acme", BLOCK)
    assert caught.value.kind is Kind.CONFLICT
    assert "All 1 devices" in caught.value.public
    assert world.trail()[-1].tag is AuditTag.ACT_REFUSED
    world.defaults.put(ADMIN, "acme", BLOCK, force=True)
    assert level(world, phone) is BLOCK


def test_workmails_mode_has_its_own(world: World) -> None:
    world.organisation(settings=Settings(rules_mode=Mode.WORKMAIL))
    with pytest.raises(GatewayError) as caught:
        world.defaults.put(ADMIN, "acme", ALLOW)
    assert "WorkMail" in caught.value.public


def test_a_change_is_heard_of_and_a_repetition_is_none(world: World) -> None:
    organisation = world.organisation()
    before = world.last_change()
    world.defaults.put(ADMIN, "acme", QUARANTINE)
    assert world.last_change() == before + 1
    world.defaults.put(ADMIN, "acme", QUARANTINE)
    assert world.last_change() == before + 1
    ann = world.user()
    first = Recollection(world.store, world.devices).known(
        Principal(organisation.id, ann.id), asked("PHONE1"), ip="", user_agent=""
    )
    assert isinstance(first, Known)
    assert first.access.level is QUARANTINE

"""Safeguards are read, set, and loosened by who may (product 5.5; T9)."""

from dataclasses import fields, replace

import pytest

from gateway.errors import GatewayError, Kind
from gateway.records import AuditTag, Safeguards
from gateway.services.safeguards import RANGES, SafeguardChanges, loosening
from gateway.store import DatabaseStore
from tests.support.wipes import ROOT, WipeWorld

ELSEWHERE = {"frozen", "lifted_at", "misbehaviour"}
"""Set by other acts: a freeze, its end, and how misbehaviour is answered."""

LOOSER = [
    {"approve_full_wipes": False},
    {"wipes_per_hour": 6},
    {"wipes_per_day_percent": 3},
]


@pytest.fixture
def world(store: DatabaseStore) -> WipeWorld:
    world = WipeWorld(store)
    world.organisation()
    return world


@pytest.mark.parametrize("changes", LOOSER, ids=str)
def test_loosening_needs_its_own_permission(world: WipeWorld, changes: dict[str, int]) -> None:
    wanted = SafeguardChanges(**changes)  # type: ignore[arg-type]
    with pytest.raises(GatewayError) as caught:
        world.safeguards.change(ROOT, "acme", wanted, may_loosen=False)
    assert caught.value.kind is Kind.FORBIDDEN
    assert world.safeguards.get("acme") == Safeguards()
    assert world.trail()[-1].tag is AuditTag.ACT_REFUSED
    world.safeguards.change(ROOT, "acme", wanted, may_loosen=True)
    record = world.trail()[-1]
    assert (record.tag, record.after) == (AuditTag.SAFEGUARDS_CHANGED, changes)


def test_tightening_does_not(world: WipeWorld) -> None:
    tighter = SafeguardChanges(never_full_wipe=True, wipes_per_hour=1, hold_enrolment=True, archive_days=90)
    after = world.safeguards.change(ROOT, "acme", tighter, may_loosen=False)
    assert after == replace(
        Safeguards(), never_full_wipe=True, wipes_per_hour=1, hold_enrolment=True, archive_days=90
    )
    for back in ({"never_full_wipe": False}, {"hold_enrolment": False}, {"wipes_per_hour": 5}):
        with pytest.raises(GatewayError, match="permission of its own"):
            world.safeguards.change(ROOT, "acme", SafeguardChanges(**back), may_loosen=False)  # type: ignore[arg-type]


def test_what_changes_nothing_is_not_recorded(world: WipeWorld) -> None:
    before = len(world.trail())
    world.safeguards.change(ROOT, "acme", SafeguardChanges(wipes_per_hour=5), may_loosen=False)
    world.safeguards.lift(ROOT, "acme", "")
    assert len(world.trail()) == before


def test_every_wrong_number_is_named(world: WipeWorld) -> None:
    wrong = SafeguardChanges(wipes_per_hour=0, wipes_per_day_percent=101, stale_days=0)
    with pytest.raises(GatewayError) as caught:
        world.safeguards.change(ROOT, "acme", wrong, may_loosen=True)
    assert set(caught.value.faults) == {"wipes_per_hour", "wipes_per_day_percent", "stale_days"}


def test_a_freeze_is_set_and_lifted(world: WipeWorld) -> None:
    assert world.safeguards.freeze(ROOT, "acme", "odd").frozen == "root froze them: odd"
    assert world.safeguards.lift(ROOT, "acme", "settled").frozen == ""
    tags = [record.tag for record in world.trail()]
    assert tags[-2:] == [AuditTag.WIPES_FROZEN, AuditTag.WIPES_UNFROZEN]
    assert world.trail()[-1].reason == "settled"


def test_every_safeguard_can_be_set_but_the_freeze() -> None:
    names = {field.name for field in fields(Safeguards)}
    assert {field.name for field in fields(SafeguardChanges)} == names - ELSEWHERE
    numbers = {field.name for field in fields(Safeguards) if isinstance(field.default, int)}
    assert set(RANGES) == {name for name in numbers if not isinstance(getattr(Safeguards(), name), bool)}
    assert loosening(Safeguards(frozen="x"), Safeguards()) == ("frozen",)

"""Who would be cut off, in numbers, by family and by name (product 6.4)."""

from dataclasses import replace

from gateway.services.groups import GroupChanges
from gateway.services.impact import NAMED, Impact, Regime, Resident, impact, residents
from gateway.services.rule_sets import NO_RULES
from gateway.services.standing import facts_of
from gateway.services.tenants import found
from mdm.device import AccessLevel, WipeKind
from mdm.rules import Condition, Mode, Rule, RuleSet
from tests.support.stores import ACME, NOON, device, user
from tests.support.world import ADMIN, World


def told(world: World, rules: RuleSet, limit: int | None = None) -> Impact:
    with world.store.read() as transaction:
        home = found(transaction, "acme")
        before, after = Regime(home, NO_RULES[Mode.USHER]), Regime(home, rules)
        return impact(transaction, before, after, world.clock.now(), limit)


def test_devices_are_judged_by_what_is_and_by_what_would_be(world: World) -> None:
    world.organisation()
    ann, bob = world.user(), world.user("bob@acme.example")
    staff = world.groups.create(ADMIN, "acme", "Staff", GroupChanges())
    world.groups.add_member(ADMIN, "acme", staff.id, bob.address)
    phones = [world.phone(ann), world.phone(bob, "PHONE2"), world.phone(bob, "PHONE3")]
    world.devices.require_wipe(ADMIN, phones[2].key, WipeKind.DEVICE, "lost")
    by_group = RuleSet([Rule("g", "g", AccessLevel.BLOCK, (Condition("group", (staff.id,)),))])
    found_out = told(world, by_group)
    assert (found_out.devices, found_out.admitted_before, found_out.admitted_after) == (2, 2, 1)
    assert [each.device_id for each in found_out.named] == ["PHONE2"]
    assert found_out.all_seen
    world.overrides.put(ADMIN, phones[1].key, AccessLevel.ALLOW, "boss")
    assert told(world, by_group).admitted_after == 2
    assert not told(world, by_group, limit=1).all_seen


def test_only_the_first_are_named() -> None:
    many, ann = Impact(), user()
    for number in range(NAMED + 5):
        phone = device(f"PHONE{number}", user_agent="Android-Mail/1")
        many.add(Resident(phone, ann, facts_of(phone, ann)), AccessLevel.ALLOW, AccessLevel.BLOCK)
    assert (len(many.named), sum(many.cut_off.values())) == (NAMED, NAMED + 5)
    first = device("NEW")
    many.add(Resident(first, ann, facts_of(first, ann)), AccessLevel.BLOCK, AccessLevel.ALLOW)
    assert sum(many.let_in.values()) == 1


def test_a_regime_answers_as_the_organisation_would() -> None:
    phone = device("PHONE1")
    one = Resident(phone, user(), facts_of(phone, user()))
    strict = replace(ACME, default_access=AccessLevel.QUARANTINE)
    assert Regime(strict, NO_RULES[Mode.USHER]).level(one, NOON) is AccessLevel.QUARANTINE


def test_an_organisation_without_devices(world: World) -> None:
    world.organisation()
    with world.store.read() as transaction:
        assert list(residents(transaction, found(transaction, "acme"), grouped=True)) == []

"""Rules as administrators write them (product 6.2): whole, by name, with every fault, never by accident."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from gateway.errors import GatewayError, Kind
from gateway.records import AuditTag
from gateway.services.access_rules import VERSIONS_KEPT
from gateway.services.groups import GroupChanges
from gateway.services.rule_books import WORKMAIL_RULES_LIMIT
from mdm.device import AccessLevel
from mdm.rule_lint import Finding
from mdm.rules import RULES_LIMIT, Mode
from tests.support.world import ADMIN, World


def is_in(criterion: str, *values: str) -> dict[str, Any]:
    return {"criterion": criterion, "is": list(values)}


def doc(
    name: str = "Old phones", effect: str = "block", *conditions: dict[str, Any], **more: Any
) -> dict[str, Any]:
    return {"name": name, "effect": effect, "conditions": list(conditions or [is_in("os", "<16")]), **more}


def refusal(call: Any) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        call()
    return caught.value


@pytest.fixture(autouse=True)
def _organisation(world: World) -> None:
    world.organisation()


def rules(world: World) -> list[dict[str, Any]]:
    return [dict(each) for each in world.rules.book("acme").rules]


def test_a_rule_is_made_changed_and_removed(world: World) -> None:
    assert world.rules.book("acme").version == 0
    made = world.rules.create(ADMIN, "acme", doc()).book
    assert (made.version, made.created_by) == (1, "root")
    assert made.rules[0]["id"] == "old-phones"
    world.clock.pass_by(hours=1)
    world.rules.change(ADMIN, "acme", "Old phones", {"enabled": False, "description": "for now"})
    (now,) = rules(world)
    assert (now["enabled"], now["description"], now["effect"]) == (False, "for now", "block")
    assert now["created_at"] < now["changed_at"]
    assert world.rules.get("acme", "old-phones") == now
    world.rules.remove(ADMIN, "acme", "old-phones")
    assert rules(world) == []
    assert refusal(lambda: world.rules.get("acme", "old-phones")).kind is Kind.NOT_FOUND
    assert refusal(lambda: world.rules.remove(ADMIN, "acme", "old-phones")).kind is Kind.NOT_FOUND


def test_the_trail_has_what_changed_and_nothing_else(world: World) -> None:
    world.rules.create(ADMIN, "acme", doc("First"))
    world.rules.create(ADMIN, "acme", doc("Second"))
    world.rules.change(ADMIN, "acme", "second", {"enabled": False})
    record = world.trail()[-1]
    assert record.tag is AuditTag.RULES_CHANGED
    assert (record.before["version"], record.after["version"]) == (2, 3)
    assert set(record.before["rules"]) == set(record.after["rules"]) == {"second"}
    assert (record.before["rules"]["second"]["enabled"], record.after["rules"]["second"]["enabled"]) == (
        True,
        False,
    )


def test_saying_the_same_changes_nothing(world: World) -> None:
    world.rules.create(ADMIN, "acme", doc())
    before, trail = world.last_change(), len(world.trail())
    assert world.rules.change(ADMIN, "acme", "old-phones", {"enabled": True}).book.version == 1
    assert (world.last_change(), len(world.trail())) == (before, trail)


def test_every_change_is_announced(world: World) -> None:
    before = world.last_change()
    world.rules.create(ADMIN, "acme", doc())
    assert world.last_change() == before + 1


def test_users_and_groups_are_kept_by_id_and_shown_by_name(world: World) -> None:
    ann = world.user()
    staff = world.groups.create(ADMIN, "acme", "Staff", GroupChanges(address="staff@acme.example"))
    who = doc("Who", "block", is_in("user", "ANN@acme.example"), is_in("group", "staff@acme.example"))
    world.rules.create(ADMIN, "acme", who)
    (shown,) = rules(world)
    assert shown["conditions"] == [is_in("user", "ann@acme.example"), is_in("group", "Staff")]
    with world.store.read() as transaction:
        stored = transaction.rules.current(ann.organisation)
    assert stored is not None
    assert [each["is"] for each in stored.documents[0]["conditions"]] == [[ann.id], [staff.id]]
    world.rules.change(ADMIN, "acme", "who", {"description": "shown and written back"})
    world.rules.replace_all(
        ADMIN, "acme", [{name: each for name, each in shown.items() if not name.endswith("_at")}]
    )
    assert rules(world)[0]["conditions"] == shown["conditions"]


def test_every_fault_of_every_rule_is_named(world: World) -> None:
    wrong = [
        doc("One", "maybe"),
        doc("", "block"),
        doc("Three", "block", is_in("user", "nobody@acme.example"), is_in("network", "here")),
        doc("Four", "block", is_in("mood", "good"), extra=1),
    ]
    error = refusal(lambda: world.rules.replace_all(ADMIN, "acme", wrong))
    assert error.kind is Kind.MALFORMED
    assert set(error.faults) == {"rules.0.effect", "rules.1.name", "rules.3.extra"}
    error = refusal(
        lambda: world.rules.replace_all(ADMIN, "acme", [wrong[2], doc("x", "block", is_in("mood", "y"))])
    )
    assert set(error.faults) == {
        "rules.0.conditions.0.values",
        "rules.0.conditions.1.values",
        "rules.1.conditions.0.criterion",
    }
    assert world.trail()[-1].tag is AuditTag.ACT_REFUSED
    assert rules(world) == []


def test_another_organisations_user_is_nobody_here(world: World) -> None:
    world.organisation("globex")
    eve = world.user("eve@globex.example")
    for named in (eve.id, eve.address):
        document = doc("Who", "block", is_in("user", named))
        error = refusal(lambda document=document: world.rules.create(ADMIN, "acme", document))
        assert set(error.faults) == {"rules.0.conditions.0.values"}
    assert refusal(
        lambda: world.rules.create(ADMIN, "acme", doc("D", "block", is_in("domain", "globex.example")))
    ).faults


def test_ids_are_taken_once_and_have_a_form(world: World) -> None:
    world.rules.create(ADMIN, "acme", doc("Old", id="mine"))
    assert refusal(lambda: world.rules.create(ADMIN, "acme", doc("New", id="mine"))).kind is Kind.CONFLICT
    assert refusal(lambda: world.rules.create(ADMIN, "acme", doc("New", id="a b"))).faults.keys() == {"id"}
    twice = refusal(lambda: world.rules.replace_all(ADMIN, "acme", [doc("A", id="x"), doc("B", id="x")]))
    assert twice.faults.keys() == {"rules.1.id"}
    world.rules.create(ADMIN, "acme", doc("Old"))
    world.rules.create(ADMIN, "acme", doc("!!!"))
    second = world.rules.create(ADMIN, "acme", doc("Old"))
    assert len({each["id"] for each in second.book.rules}) == 4
    assert "Several" in refusal(lambda: world.rules.get("acme", "Old")).public


def test_the_limit_of_a_set(world: World) -> None:
    many = [
        doc(f"r{number}", "block", is_in("model", f"m{number}"), id=f"r{number}")
        for number in range(RULES_LIMIT)
    ]
    assert len(world.rules.replace_all(ADMIN, "acme", many).book.rules) == RULES_LIMIT
    error = refusal(lambda: world.rules.create(ADMIN, "acme", doc("one more")))
    assert error.kind is Kind.CONFLICT
    assert str(RULES_LIMIT) in error.public
    ten = [
        doc(f"r{number}", "allow", is_in("model", f"m{number}")) for number in range(WORKMAIL_RULES_LIMIT + 1)
    ]
    assert (
        refusal(lambda: world.rules.replace_all(ADMIN, "acme", ten, mode=Mode.WORKMAIL)).kind is Kind.CONFLICT
    )
    world.rules.replace_all(ADMIN, "acme", ten[:-1], mode=Mode.WORKMAIL)


def test_versions_are_kept_and_put_in_force_again(world: World) -> None:
    world.rules.create(ADMIN, "acme", doc("First"))
    world.rules.create(ADMIN, "acme", doc("Second"))
    back = world.rules.roll_back(ADMIN, "acme", 1).book
    assert (back.version, [each["name"] for each in back.rules]) == (3, ["First"])
    assert world.rules.roll_back(ADMIN, "acme", 0).book.rules == ()
    assert refusal(lambda: world.rules.roll_back(ADMIN, "acme", 99)).kind is Kind.NOT_FOUND
    for number in range(VERSIONS_KEPT):
        world.rules.replace_all(ADMIN, "acme", [doc(f"n{number}")])
    kept = world.rules.versions("acme")
    assert len(kept) == VERSIONS_KEPT
    assert kept[-1].version == VERSIONS_KEPT + 4


def test_two_administrators_at_once_both_get_their_rule(world: World) -> None:
    def make(number: int) -> int:
        return world.rules.create(ADMIN, "acme", doc(f"rule {number}")).book.version

    with ThreadPoolExecutor(2) as pool:
        versions = list(pool.map(make, range(2)))
    assert sorted(versions) == [1, 2]
    assert len(rules(world)) == 2


def test_what_stops_every_known_device_is_refused_with_numbers(world: World) -> None:
    ann = world.user()
    for number in range(3):
        world.phone(ann, f"PHONE{number}")
    by_type = doc("iPhones", "block", is_in("device_type", "iPhone"))
    error = refusal(lambda: world.rules.create(ADMIN, "acme", by_type))
    assert error.kind is Kind.CONFLICT
    assert "of 3 known devices, 3 are let in now and 0 would be; 3 would be cut off" in error.public
    assert world.trail()[-1].tag is AuditTag.ACT_REFUSED
    forced = world.rules.create(ADMIN, "acme", by_type, force=True)
    assert (forced.impact.admitted_before, forced.impact.admitted_after) == (3, 0)
    world.rules.create(ADMIN, "acme", doc("more of it", "block", is_in("model", "x")))


@pytest.mark.parametrize("effect", ["block", "quarantine"])
def test_a_rule_for_everybody_is_refused_though_nobody_is_known(world: World, effect: str) -> None:
    everybody = {"name": "Everybody", "effect": effect, "conditions": []}
    assert "stops every device" in refusal(lambda: world.rules.create(ADMIN, "acme", everybody)).public
    world.rules.create(ADMIN, "acme", everybody, force=True)


@pytest.mark.parametrize(
    "conditions",
    [[], [is_in("device_type", "*")], [is_in("user_agent", "$NONE", "?*")]],
    ids=["plain", "star", "any"],
)
def test_what_lets_everybody_in_is_refused(world: World, conditions: list[dict[str, Any]]) -> None:
    world.defaults.put(ADMIN, "acme", AccessLevel.QUARANTINE)
    allow = {"name": "All", "effect": "allow", "conditions": conditions}
    assert "lets every device in" in refusal(lambda: world.rules.create(ADMIN, "acme", allow)).public
    world.rules.create(ADMIN, "acme", allow, force=True)
    world.rules.create(ADMIN, "acme", doc())


def test_a_rehearsal_tells_and_changes_nothing(world: World) -> None:
    ann = world.user()
    world.phone(ann)
    told, lints = world.rules.rehearse("acme", [doc("iPhones", "block", is_in("device_type", "iPhone"))])
    assert (told.devices, told.admitted_before, told.admitted_after) == (1, 1, 0)
    assert [(each.address, each.device_id, each.after) for each in told.named] == [
        (ann.address, "PHONE1", AccessLevel.BLOCK)
    ]
    assert sum(told.cut_off.values()) == 1
    assert lints == ()
    assert world.rules.book("acme").version == 0
    assert refusal(lambda: world.rules.rehearse("acme", [doc(effect="x")])).kind is Kind.MALFORMED


def test_saving_tells_what_is_suspicious_about_the_change(world: World) -> None:
    world.rules.create(ADMIN, "acme", doc("Old", "block", is_in("os", "iOS 1")))
    saved = world.rules.create(ADMIN, "acme", doc("Older", "block", is_in("os", "iOS 12")))
    assert [(each.finding, each.rule, each.other) for each in saved.lints] == [
        (Finding.REDUNDANT, "older", "old")
    ]
    world.phone(world.user())
    assert {each.finding for each in world.rules.lint("acme")} == {
        Finding.REDUNDANT,
        Finding.MATCHES_NO_KNOWN_DEVICE,
    }


def test_the_mode_is_followed_only_by_rules_that_it_knows(world: World) -> None:
    world.rules.create(ADMIN, "acme", doc("Net", "block", is_in("network", "192.0.2.0/24")))
    error = refusal(lambda: world.rules.set_mode(ADMIN, "acme", Mode.WORKMAIL, force=True))
    assert error.faults.keys() == {"rules.0.conditions.0.criterion"}
    world.rules.replace_all(ADMIN, "acme", [])
    assert "No rule allows" in refusal(lambda: world.rules.set_mode(ADMIN, "acme", Mode.WORKMAIL)).public
    everybody = {"name": "default", "effect": "allow", "conditions": []}
    world.rules.replace_all(ADMIN, "acme", [everybody], mode=Mode.WORKMAIL)
    assert world.tenants.organisation("acme").rules_mode is Mode.WORKMAIL
    assert world.rules.book("acme").mode is Mode.WORKMAIL

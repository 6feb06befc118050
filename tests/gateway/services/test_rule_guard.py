"""Locking everybody out and letting everybody in: what is held against a change, and what is not (T32)."""

from dataclasses import replace

import pytest

from gateway.errors import GatewayError
from gateway.records import Organisation
from gateway.services.impact import Impact, Regime
from gateway.services.rule_guard import require_sane
from mdm.device import AccessLevel
from mdm.rule_lint import lint
from mdm.rules import Condition, Mode, Rule, RuleSet
from tests.support.stores import ACME

ALLOW, BLOCK = AccessLevel.ALLOW, AccessLevel.BLOCK
STRICT = replace(ACME, default_access=BLOCK)
WORKMAIL = replace(ACME, rules_mode=Mode.WORKMAIL)


def judged(before: list[Rule], after: list[Rule], home: Organisation, told: Impact | None = None) -> str:
    sets = [RuleSet(rules, home.rules_mode) for rules in (before, after)]
    lints = [lint(rules, home.default_access) for rules in sets]
    regimes = Regime(home, sets[0]), Regime(home, sets[1])
    try:
        require_sane(lints[0], lints[1], regimes, told or Impact())
    except GatewayError as error:
        return error.public
    return ""


def rule(effect: AccessLevel, *conditions: Condition) -> Rule:
    return Rule(f"r{len(conditions)}{effect.value}", "r", effect, conditions)


def test_only_what_a_change_brings_about_is_held_against_it() -> None:
    everybody, some = rule(BLOCK), rule(BLOCK, Condition("os", ("x",)))
    assert "stops every device" in judged([], [everybody], ACME)
    assert judged([everybody], [everybody, some], ACME) == ""
    assert judged([some], [], ACME) == ""


@pytest.mark.parametrize(
    "conditions",
    [
        (),
        (Condition("device_type", ("*",)),),
        (Condition("network", ("0.0.0.0/0", "::/0")), Condition("protocol", ("activesync",))),
        (Condition("model", ("good",), negated=True),),
    ],
    ids=["nothing", "star", "all networks", "all but one model"],
)
def test_strangers_who_are_let_in_by_a_rule(conditions: tuple[Condition, ...]) -> None:
    told = judged([], [rule(ALLOW, *conditions)], STRICT)
    shown = conditions in ((), (Condition("device_type", ("*",)),))
    assert ("lets every device in" in told) is shown, "others leave some strangers out"
    assert judged([], [rule(ALLOW, *conditions)], ACME) == "", "the default lets them in anyway"


def test_numbers_decide_where_rules_alone_say_nothing() -> None:
    one = [rule(BLOCK, Condition("os", ("iOS",)))]
    all_cut = Impact(devices=4, admitted_before=4, admitted_after=0)
    all_cut.cut_off["iOS"] = 4
    assert judged([], one, ACME, all_cut).startswith(
        "Nobody would be let in any more: of 4 known devices, 4 are"
    )
    assert judged([], one, ACME, Impact(devices=4, admitted_before=4, admitted_after=1)) == ""
    assert judged([], one, ACME, Impact(devices=4)) == "", "nobody was let in before"


def test_workmails_own_beginning_is_no_fault_in_its_mode() -> None:
    everybody = rule(ALLOW)
    assert judged([], [everybody], WORKMAIL) == ""
    assert "No rule allows" in judged([everybody], [], WORKMAIL)

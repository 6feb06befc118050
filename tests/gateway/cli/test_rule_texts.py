"""Rules and decisions as an administrator reads them."""

from gateway.cli import rule_texts
from gateway.endpoints.api.rule_views import decision_view, impact_view
from gateway.services.decisions import Decision
from gateway.services.impact import Impact
from mdm.access import AccessDecision
from mdm.criteria import Facts
from mdm.device import AccessLevel
from mdm.rules import Condition, Rule, Trace, Trial
from tests.support.stores import NOON


def test_a_hostile_name_does_not_reach_the_terminal() -> None:
    condition = Condition("model", ("x\x1b[2J",))
    rule = Rule("r", "r", AccessLevel.BLOCK, (condition,), enabled=False)
    trace = Trace(rule, (Trial(condition, ("\x1b[2J",), holds=True),), matched=False)
    said = AccessDecision(AccessLevel.BLOCK, "because", until=NOON)
    told = rule_texts.decision(
        decision_view(Decision(Facts(), said, (("rules", said),), (trace,), "a wipe is pending"))
    )
    assert "\x1b" not in told
    assert "rule r (block) is disabled" in told
    assert "until 2026-03-01 12:30:15Z" in told
    assert "but a wipe is pending" in told


def test_numbers_first_then_families_then_names() -> None:
    told = Impact(devices=3, all_seen=False, admitted_before=3, admitted_after=1)
    told.cut_off["iOS"] = 2
    told.let_in["Android"] = 1
    assert rule_texts.impact(impact_view(told)).splitlines() == [
        "3 known devices (of those that were looked at): 3 are let in now, 1 would be",
        "cut off: 2 x iOS",
        "  and 2 more",
        "let in: 1 x Android",
    ]


def test_a_rule_without_conditions_always_matches() -> None:
    assert rule_texts.when({"conditions": []}) == "always"

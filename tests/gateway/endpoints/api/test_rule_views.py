"""What is shown of rules and decisions, field by field."""

from gateway.endpoints.api.rule_views import DecisionView, decision_view, lint_view
from gateway.services.decisions import Decision
from mdm.access import AccessDecision
from mdm.criteria import Facts
from mdm.device import AccessLevel
from mdm.rule_lint import Finding, Lint
from mdm.rules import Condition, Rule, Trace, Trial


def test_a_decision_survives_json() -> None:
    condition = Condition("os", ("iOS",), negated=True)
    rule = Rule("r", "name", AccessLevel.BLOCK, (condition,), enabled=False)
    said = AccessDecision(AccessLevel.BLOCK, "because", rules=("r",))
    trace = Trace(rule, (Trial(condition, ("ios 17",), holds=False),), matched=False)
    facts = Facts(os="iOS 17", user="u-1", groups=frozenset({"g-2", "g-1"}))
    shown = decision_view(Decision(facts, said, (("user", None), ("rules", said)), (trace,)))
    assert DecisionView.model_validate_json(shown.model_dump_json()) == shown
    assert shown.facts["groups"] == ["g-1", "g-2"]
    assert shown.rules[0].trials[0].negated
    assert [each.says is None for each in shown.instances] == [True, False]


def test_a_finding_has_a_name_for_programs_and_a_text_for_people() -> None:
    shown = lint_view(Lint(Finding.SHADOWED, "a", "b"))
    assert (shown.finding, shown.text) == ("shadowed", "another rule always outweighs it")
